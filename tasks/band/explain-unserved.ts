import type { MissionName, SeriesIdentity } from '../../models/series.ts'
import type { Deps, Skip } from '../deps.ts'
import { type BandStep, sourcesOf } from './fetch-band.ts'

export interface Unserved {
  /** Series with a value but without a band. */
  readonly series: readonly SeriesIdentity[]
  readonly step: BandStep
  readonly bandKey: string
}

export interface Explanation {
  /** Why the forecasts left series out, by id. */
  readonly skipped: ReadonlyMap<string, Skip>
  /** Series that the forecast in force has never met. */
  readonly newSeries: readonly SeriesIdentity[]
}

/** Tells the series that a forecast left out from those that appeared after it. */
export async function explainUnserved(
  { cache }: Pick<Deps, 'cache'>,
  mission: MissionName,
  { series, step, bandKey }: Unserved,
): Promise<Explanation> {
  const skipped = new Map<string, Skip>()
  if (series.length === 0) return { skipped, newSeries: [] }
  const sources = sourcesOf([step])
  for (const { payload } of sources) {
    if (!payload) continue
    for (const [id, skip] of await cache.skipped(mission, payload)) if (!skipped.has(id)) skipped.set(id, skip)
  }
  // a forecast that stands in, or one of an older key, says nothing about the one that is on its way
  const isComplete =
    !step.stale && sources.some(({ payload }) => payload?.kind === 'run' && payload.bandKey === bandKey)
  const isNew = ({ id }: SeriesIdentity) => !skipped.has(id) && !sources.some(({ rows }) => rows.has(id))
  return { skipped, newSeries: isComplete ? series.filter(isNew) : [] }
}
