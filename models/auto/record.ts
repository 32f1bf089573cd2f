import { createHash } from 'node:crypto'
import type { Forecast, Forecaster } from '../forecaster.ts'
import type { QuantilePaths } from '../pinball-loss.ts'

/** Levels that members are judged by. */
export const judgedLevels: readonly number[] = [0.1, 0.5, 0.9]
/** Steps of the model's forecast that are kept for judging it: an hour of minutes, as long as most runs lie apart. */
const keptSteps = 64

/** How well each member has forecast a series. */
export interface Standing {
  /** Mean pinball loss of each member, the model first, in the unit of the series; NaN where it is not known. */
  readonly losses: readonly number[]
  /** Steps that the losses rest on; older ones count for less. */
  readonly weight: number
}

/** What one forecast leaves for the next one of the same series. */
export interface TrackRecord extends Standing {
  /** Instant of the last context value. */
  readonly originMs: number
  readonly stepMs: number
  /** The model's own forecast of the first steps, which a mix no longer shows. */
  readonly model: QuantilePaths
}

// raise with any change of the bytes below, of what is kept, or of what a simple member forecasts
const version = 2
const headLength = 5

/**
 * Tells the members of a record from others: by their order, names and weights. A new network does not answer for the
 * errors of the one before.
 */
export function membersTag(members: readonly Pick<Forecaster, 'name' | 'revision'>[]): number {
  const text = JSON.stringify([version, ...members.map(({ name, revision = '' }) => [name, revision])])
  // 48 bits: a Float64 holds each such number as it is
  return createHash('sha256').update(text).digest().readUIntBE(0, 6)
}

/** Tag, origin, step, weight, base and losses as Float64, then the model's paths as Float32 beside the base. */
export function encodeRecord({ originMs, stepMs, weight, losses, model }: TrackRecord, tag: number): Uint8Array {
  // a level of 1e9 that moves by 1 would be lost in Float32
  const base = model.quantiles[0] ?? 0
  const head = Float64Array.of(tag, originMs, stepMs, weight, base, ...losses)
  const paths = Float32Array.from(model.quantiles, (value) => value - base)
  const bytes = new Uint8Array(head.byteLength + paths.byteLength)
  bytes.set(new Uint8Array(head.buffer))
  bytes.set(new Uint8Array(paths.buffer), head.byteLength)
  return bytes
}

/** undefined for a record of other members or of another version, and for damaged bytes. */
export function decodeRecord(bytes: Uint8Array, tag: number, memberCount: number): TrackRecord | undefined {
  const headBytes = (headLength + memberCount) * 8
  const pathCount = (bytes.length - headBytes) / 4
  const steps = pathCount / judgedLevels.length
  if (!(Number.isInteger(steps) && steps > 0)) return undefined
  // typed arrays begin at multiples of their size only
  const aligned = Uint8Array.from(bytes).buffer
  const [found, originMs, stepMs, weight, base, ...losses] = new Float64Array(aligned, 0, headLength + memberCount)
  if (found !== tag || ![originMs, stepMs, weight, base].every(Number.isFinite) || weight! < 0) return undefined
  const quantiles = Float64Array.from(new Float32Array(aligned, headBytes, pathCount), (value) => value + base!)
  return {
    originMs: originMs!,
    stepMs: stepMs!,
    weight: weight!,
    losses,
    model: { levels: judgedLevels, quantiles, steps },
  }
}

/** The first steps of a forecast at the judged levels. */
export function judgedPaths(forecast: Forecast, atMost = keptSteps): QuantilePaths {
  const steps = Math.min(forecast.median.length, atMost)
  return { levels: judgedLevels, quantiles: pathsAt(forecast, judgedLevels, steps), steps }
}

/** Some of a forecast's levels, level-major: `wanted.length x steps`. */
export function pathsAt(
  { levels, quantiles, median }: Forecast,
  wanted: readonly number[],
  steps: number,
): Float64Array {
  const paths = new Float64Array(wanted.length * steps)
  for (const [i, level] of wanted.entries()) {
    const from = levels.indexOf(level) * median.length
    paths.set(quantiles.subarray(from, from + steps), i * steps)
  }
  return paths
}

const halfLifeMs = 86_400_000

/** Takes in the losses of one more window: what is a day old counts half. */
export function addLosses(before: Standing, window: Standing, elapsedMs: number): Standing {
  if (window.weight === 0) return before
  const kept = before.weight * 0.5 ** (elapsedMs / halfLifeMs)
  const weight = kept + window.weight
  // a member that had no forecast once is judged anew
  const mean = (old: number, now: number) =>
    kept === 0 || !Number.isFinite(old) ? now : (kept * old + window.weight * now) / weight
  return { weight, losses: window.losses.map((loss, i) => mean(before.losses[i]!, loss)) }
}
