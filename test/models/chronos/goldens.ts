import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** What test/fixtures/chronos/README.md describes, as far as tests read it. */
export interface Goldens {
  readonly tolerance: Tolerance
  readonly series: Readonly<Record<string, readonly (number | null)[]>>
  readonly cases: readonly GoldenCase[]
  readonly intermediates: readonly {
    readonly case: string
    readonly tensors: Readonly<Record<string, GoldenTensor>>
    readonly relativePositionBuckets?: { readonly firstOffset: number; readonly buckets: readonly number[] }
  }[]
}

interface Tolerance {
  readonly relative: number
  readonly perOffset: number
  readonly unrolledFactor: number
  readonly ulps: number
}

export interface GoldenCase {
  readonly id: string
  readonly checkpoint: string
  readonly optional?: string
  readonly options?: { readonly crossLearning?: boolean; readonly batchSize?: number; readonly contextLength?: number }
  readonly separately?: boolean
  readonly stepsPerPass: number
  readonly inputs: readonly GoldenInput[]
  readonly rows: readonly GoldenRow[]
  readonly runs: readonly GoldenRun[]
}

export type GoldenInput =
  | string
  | readonly string[]
  | {
      readonly target: string | readonly string[]
      readonly pastCovariates?: Readonly<Record<string, string>>
      readonly futureCovariates?: Readonly<Record<string, string | null>>
    }

export interface GoldenRow {
  readonly input: number
  readonly role: 'target' | 'past' | 'known'
  readonly series: string
  readonly loc: number
  readonly scale: number
}

export interface GoldenTensor {
  readonly shape: readonly number[]
  readonly data: readonly (number | null)[]
}

export interface GoldenRun {
  readonly call: 'predict' | 'predict_quantiles'
  readonly predictionLength: number
  readonly quantileLevels?: readonly number[]
  readonly outputs?: readonly GoldenTensor[]
  readonly quantiles?: readonly GoldenTensor[]
  readonly mean?: readonly GoldenTensor[]
  readonly fragile?: readonly (readonly [row: number, level: number, step: number])[]
}

export const fixtures = fileURLToPath(new URL('../../fixtures/chronos', import.meta.url))

export function readFixture<T>(name: string): T {
  return JSON.parse(readFileSync(`${fixtures}/${name}`, 'utf8'))
}

export const numbers = (values: readonly (number | null)[]) =>
  Float64Array.from(values, (value) => (value === null ? Number.NaN : Math.fround(value)))

/** `c14-both h40@0.1,0.5`: what mutants.json calls a run. */
export function runName({ id }: GoldenCase, { predictionLength, quantileLevels }: GoldenRun): string {
  return `${id} h${predictionLength}${quantileLevels ? `@${quantileLevels}` : ''}`
}

function ulp(x: number): number {
  const float = Float32Array.of(Math.abs(x))
  const [bits = 0] = new Uint32Array(float.buffer)
  const [next = 0] = new Float32Array(Uint32Array.of(bits + 1).buffer)
  return next - (float[0] as number)
}

/** The README's formula: how far from the golden value `y` a correct answer may lie. */
function allowed(y: number, row: GoldenRow, tolerance: Tolerance, isLater: boolean): number {
  const offset = isLater || row.scale !== 1e-5 ? (tolerance.perOffset * Math.abs(row.loc)) / row.scale : 0
  const relative = (isLater ? tolerance.unrolledFactor : 1) * (tolerance.relative + offset)
  return relative * (row.scale + Math.abs(y - row.loc)) + tolerance.ulps * ulp(Math.max(Math.abs(row.loc), Math.abs(y)))
}

export interface Gap {
  /** Largest difference, divided by scale + |y - loc|. */
  readonly relative: number
  /** Largest difference as a share of what is allowed: correct is below 1. */
  readonly ofTolerance: number
  /** Values compared. */
  readonly count: number
}

/** What a run should have answered and did, level-major, for one target row. */
export interface Comparison {
  readonly golden: Float64Array
  readonly ours: Float64Array
  readonly levels: number
  readonly row: GoldenRow
  readonly isFragile?: (level: number, step: number) => boolean
}

export function gapOf(comparisons: readonly Comparison[], stepsPerPass: number, tolerance: Tolerance): Gap {
  let relative = 0
  let ofTolerance = 0
  let count = 0
  for (const { golden, ours, levels, row, isFragile } of comparisons) {
    const steps = golden.length / levels
    if (ours.length !== golden.length) throw new Error(`${ours.length} values for ${golden.length}`)
    for (const [i, y] of golden.entries()) {
      const [level, step] = [Math.floor(i / steps), i % steps]
      if (isFragile?.(level, step)) continue
      const difference = Math.abs((ours[i] as number) - y)
      // a NaN is as wrong as can be
      const wrong = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference
      relative = Math.max(relative, wrong / (row.scale + Math.abs(y - row.loc)))
      ofTolerance = Math.max(ofTolerance, wrong / allowed(y, row, tolerance, step >= stepsPerPass))
      count += 1
    }
  }
  return { relative, ofTolerance, count }
}

/** [steps, levels] to [levels, steps]. */
export function levelMajor(values: Float64Array, levels: number): Float64Array {
  const steps = values.length / levels
  return values.map((_, i) => values[(i % steps) * levels + Math.floor(i / steps)] as number)
}
