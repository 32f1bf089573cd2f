import { normalSource } from './normal-source.ts'

export type WaveKind = 'sine' | 'square'

/** From 0 to 1: a square is up in its first half. */
const shapes: Readonly<Record<WaveKind, (cycles: number) => number>> = {
  sine: (cycles) => Math.sin(2 * Math.PI * cycles),
  square: (cycles) => (cycles - Math.floor(cycles) < 0.5 ? 1 : 0),
}

const noise = 0.05

export interface WaveQuery {
  readonly kind: WaveKind
  /** Steps, not always whole ones. */
  readonly period: number
  readonly length: number
  readonly count: number
}

/** Waves of unit size at random phases with a little noise; the same for the same query. */
export function waves({ kind, period, length, count }: WaveQuery): Float64Array[] {
  const { uniform, normal } = normalSource(Math.round(period * 100) * 4_099 + length)
  return Array.from({ length: count }, () => {
    const phase = uniform()
    return Float64Array.from({ length }, (_, i) => shapes[kind](i / period + phase) + noise * normal())
  })
}

export function withGaps(values: Float64Array, share: number, seed: number): Float64Array {
  const { uniform } = normalSource(seed)
  return values.map((value) => (uniform() < share ? Number.NaN : value))
}

/** A straight line with normal noise of deviation 1. */
export function ramps(slope: number, length: number, count: number): Float64Array[] {
  const { normal } = normalSource(length)
  return Array.from({ length: count }, () => Float64Array.from({ length }, (_, i) => slope * i + normal()))
}

export function walks(length: number, count: number): Float64Array[] {
  const { normal } = normalSource(length)
  return Array.from({ length: count }, () => {
    let level = 0
    return Float64Array.from({ length }, () => {
      level += normal()
      return level
    })
  })
}
