import type { Deps } from '../deps.ts'
import { type PanelQuery, readPanel } from '../panel/read-panel.ts'
import { planShards, type Shard } from './plan-shards.ts'

export interface PanelToSplit extends Omit<PanelQuery, 'range' | 'part'> {
  /** Last step that the run reads. */
  readonly untilMs: number
  /** A panel of more series is split into shards of about so many. */
  readonly above: number
  readonly groupBy?: readonly string[] | undefined
}

/**
 * The shards of a panel that is too large for one run, by what it holds at its last step; undefined for any other. It is looked
 * at before each forecast, whatever the one before had: one deployment makes it ten times as large. The store is asked for those
 * panels alone that may be so large.
 */
export async function findShards(
  deps: Pick<Deps, 'reader' | 'signal'>,
  { untilMs, above, groupBy, ...query }: PanelToSplit,
): Promise<readonly Shard[] | undefined> {
  if ((query.maxSeries ?? Number.POSITIVE_INFINITY) <= above) return undefined
  const range = { fromMs: untilMs - query.stepMs, untilMs }
  const { series } = await readPanel(deps, { ...query, range })
  if (series.length <= above) return undefined
  const labels = series.map((each) => each.labels)
  return planShards(labels, { perShard: above, groupBy })
}
