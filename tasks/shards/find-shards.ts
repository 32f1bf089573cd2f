import type { MissionName } from '../../models/series.ts'
import type { Deps, PayloadMeta } from '../deps.ts'
import { type PanelQuery, readPanel } from '../panel/read-panel.ts'
import { planShards, type Shard } from './plan-shards.ts'

export interface PanelToSplit extends Omit<PanelQuery, 'range' | 'part'> {
  readonly mission: MissionName
  readonly scopeKey: string
  /** Last step that the run reads. */
  readonly untilMs: number
  /** A panel of more series is split into shards of about so many. */
  readonly above: number
  readonly groupBy?: readonly string[] | undefined
}

/**
 * The shards of a panel that is too large for one run, by what it holds at its last step; undefined for any other. Whether
 * the store is asked at all is told by the forecast before: a panel that was less than half as large is not.
 */
export async function findShards(
  deps: Pick<Deps, 'reader' | 'cache' | 'signal'>,
  { mission, scopeKey, untilMs, above, groupBy, ...query }: PanelToSplit,
): Promise<readonly Shard[] | undefined> {
  if ((query.maxSeries ?? Number.POSITIVE_INFINITY) <= above) return undefined
  const before = (await deps.cache.list(mission)).find((kept) => kept.scopeKey === scopeKey && kept.kind === 'run')
  if (before && 2 * (await readBefore(deps, mission, before)) < above) return undefined
  const range = { fromMs: untilMs - query.stepMs, untilMs }
  const { series } = await readPanel(deps, { ...query, range })
  if (series.length <= above) return undefined
  const labels = series.map((each) => each.labels)
  return planShards(labels, { perShard: above, groupBy })
}

async function readBefore({ cache }: Pick<Deps, 'cache'>, mission: MissionName, meta: PayloadMeta): Promise<number> {
  return meta.seriesCount + (await cache.skipped(mission, meta)).size
}
