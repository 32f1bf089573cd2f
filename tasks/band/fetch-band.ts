import type { MissionName, SeriesIdentity } from '../../models/series.ts'
import type { BandRows, Deps, ForecastCache, PayloadMeta } from '../deps.ts'
import { type BandRequest, planBandSources, reaches, type StepSources } from './plan-band-sources.ts'

/** Band rows of one payload, or of what is drawn in the store, at the grid steps that are needed. */
export interface BandSource {
  /** undefined: the store. */
  readonly payload: PayloadMeta | undefined
  /** Row of a series id. */
  readonly rows: ReadonlyMap<string, number>
  readonly bands: ReadonlyMap<number, BandRows>
  /** By row; only what came from the store has them at hand. */
  readonly identities?: readonly SeriesIdentity[]
}

/** `StepSources` with the rows fetched. */
export interface BandStep extends Omit<StepSources, 'low' | 'high'> {
  readonly low: readonly BandSource[]
  readonly high: readonly BandSource[]
}

export interface FetchedBand {
  /** One per detect step. */
  readonly steps: readonly BandStep[]
  /** Those asked for that were still there. */
  readonly payloads: readonly PayloadMeta[]
}

/** Plans the band of every detect step and fetches the grid steps it is drawn through, and no others. */
export async function fetchBand(
  { cache, metrics }: Pick<Deps, 'cache' | 'metrics'>,
  mission: MissionName,
  request: BandRequest,
): Promise<FetchedBand> {
  for (let { payloads } = request; ; ) {
    const plan = planBandSources({ ...request, payloads })
    const wanted = wantedSteps(plan)
    const sources = new Map<PayloadMeta, BandSource>()
    for (const [payload, stepsMs] of wanted) {
      const source = await fetchSource(cache, mission, { payload, stepsMs })
      metrics.cacheLookup(source !== undefined)
      if (source) sources.set(payload, source)
    }
    if (sources.size === wanted.size) return { steps: plan.map((step) => withSources(step, sources)), payloads }
    // what has gone since it was listed cannot serve: plan again without it
    payloads = payloads.filter((payload) => sources.has(payload) || !wanted.has(payload))
  }
}

/** Every source that serves some step, once. */
export function sourcesOf(steps: readonly BandStep[]): BandSource[] {
  return [...new Set(steps.flatMap(({ low, high }) => [...low, ...high]))]
}

/** Both ends of every step that a payload serves: a series may take both from it. */
function wantedSteps(plan: readonly StepSources[]): Map<PayloadMeta, number[]> {
  const wanted = new Map<PayloadMeta, Set<number>>()
  for (const { low, high, lowMs, highMs } of plan) {
    for (const payload of [...low, ...high]) {
      const steps = wanted.get(payload) ?? new Set()
      for (const ms of [lowMs, highMs]) if (reaches(payload, ms)) steps.add(ms)
      wanted.set(payload, steps)
    }
  }
  return new Map([...wanted].map(([payload, steps]) => [payload, [...steps].sort((a, b) => a - b)]))
}

async function fetchSource(
  cache: ForecastCache,
  mission: MissionName,
  { payload, stepsMs }: { readonly payload: PayloadMeta; readonly stepsMs: readonly number[] },
): Promise<BandSource | undefined> {
  const [series, bands] = await Promise.all([cache.series(mission, payload), cache.bands(mission, payload, stepsMs)])
  if (!series || stepsMs.some((ms) => !bands.has(ms))) return undefined
  return { payload, rows: series.rows, bands }
}

function withSources(step: StepSources, sources: ReadonlyMap<PayloadMeta, BandSource>): BandStep {
  const fetched = (payloads: readonly PayloadMeta[]) => payloads.map((payload) => sources.get(payload)!)
  return { ...step, low: fetched(step.low), high: fetched(step.high) }
}
