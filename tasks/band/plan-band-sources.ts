import { floorToStep, type StepRange } from '../../models/series.ts'
import type { PayloadMeta } from '../deps.ts'

export interface BandRequest {
  /** Detect steps, ascending. */
  readonly stepsMs: readonly number[]
  /** Grid of the forecast. */
  readonly stepMs: number
  /** Payloads of another scope describe another query: they never serve. */
  readonly scopeKey: string
  /** Of two payloads of one T, the one of this key serves. */
  readonly bandKey: string
  readonly owners: readonly { readonly nominalMs: number; readonly owned: StepRange }[]
  /** Newest T first. */
  readonly payloads: readonly PayloadMeta[]
}

/**
 * Which payloads serve the two ends of the band at one detect step: for each series the first in the list that has
 * it. A series that one end lacks takes both ends from the other end's payload.
 */
export interface StepSources {
  readonly atMs: number
  /** The grid steps around `atMs`; equal when it lies on the grid itself. */
  readonly lowMs: number
  readonly highMs: number
  /** Empty: nothing reaches this step. */
  readonly low: readonly PayloadMeta[]
  readonly high: readonly PayloadMeta[]
  /** An owner is late or lost, another run stands in. */
  readonly stale: boolean
}

/** Plans the band of every detect step from who owns its ends and what is kept. */
export function planBandSources(request: BandRequest): StepSources[] {
  const payloads = servingOrder(request)
  return request.stepsMs.map((atMs) => planStep({ ...request, payloads }, atMs))
}

/** Those of the scope, newest T first, the key in force before others. */
function servingOrder({ payloads, scopeKey, bandKey }: BandRequest): PayloadMeta[] {
  const foreign = (payload: PayloadMeta) => Number(payload.bandKey !== bandKey)
  return payloads
    .filter((payload) => payload.scopeKey === scopeKey)
    .sort((a, b) => b.nominalMs - a.nominalMs || foreign(a) - foreign(b))
}

function planStep(request: BandRequest, atMs: number): StepSources {
  const lowMs = floorToStep(atMs, request.stepMs)
  const highMs = lowMs === atMs ? lowMs : lowMs + request.stepMs
  const low = ownSources(request, lowMs)
  const high = highMs === lowMs ? low : ownSources(request, highMs)
  if (low.run && high.run) {
    return { atMs, lowMs, highMs, low: [low.run, ...low.joins], high: [high.run, ...high.joins], stale: false }
  }
  const lateMs = Math.min(...[low, high].filter(({ run }) => !run).map(({ ownerMs }) => ownerMs))
  const standIns = standInSources(request, { lowMs, highMs, lateMs })
  return { atMs, lowMs, highMs, low: standIns, high: standIns, stale: standIns.length > 0 }
}

interface OwnSources {
  /** T of the owner; infinite where nobody is known to own the step. */
  readonly ownerMs: number
  /** Its payload, if that is kept and reaches the step. */
  readonly run: PayloadMeta | undefined
  /** Joins that own the step for series which the run lacks. */
  readonly joins: readonly PayloadMeta[]
}

function ownSources({ owners, payloads }: BandRequest, endMs: number): OwnSources {
  const owner = owners.find(({ owned }) => isIn(owned, endMs))
  const reaching = payloads.filter((payload) => reaches(payload, endMs))
  return {
    ownerMs: owner?.nominalMs ?? Number.POSITIVE_INFINITY,
    run: reaching.find(({ kind, nominalMs }) => kind === 'run' && nominalMs === owner?.nominalMs),
    joins: reaching.filter(({ kind, owned }) => kind === 'join' && isIn(owned, endMs)),
  }
}

/**
 * The newest run before the late one that reaches both ends, with the joins made since for the series it lacks. Where
 * there is none, the next later one: all that reach the ends began to forecast before them, so none has seen them.
 */
function standInSources(
  { payloads }: BandRequest,
  { lowMs, highMs, lateMs }: { readonly lowMs: number; readonly highMs: number; readonly lateMs: number },
): PayloadMeta[] {
  const reaching = payloads.filter((payload) => reaches(payload, lowMs) && reaches(payload, highMs))
  const runs = reaching.filter(({ kind }) => kind === 'run')
  const nextMs = runs.findLast(({ nominalMs }) => nominalMs > lateMs)?.nominalMs
  const run = runs.find(({ nominalMs }) => nominalMs < lateMs) ?? runs.find(({ nominalMs }) => nominalMs === nextMs)
  const joins = reaching.filter(({ kind, nominalMs }) => kind === 'join' && nominalMs > (run?.nominalMs ?? 0))
  return run ? [run, ...joins] : joins
}

/** Forecast steps begin one step after the end of what the run had read. */
export function reaches({ startMs, stepMs, horizon }: PayloadMeta, atMs: number): boolean {
  return startMs <= atMs && atMs < startMs + horizon * stepMs
}

function isIn({ fromMs, untilMs }: StepRange, atMs: number): boolean {
  return fromMs < atMs && atMs <= untilMs
}
