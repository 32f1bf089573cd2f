import type { Labels } from '../../models/series.ts'

/**
 * `shop_latency{checkout 0.99}`: metric and what tells its series apart; the mission where the query hid the metric. The
 * job is left out where other labels tell enough.
 */
export function seriesText({ metric, mission, job, ...labels }: Labels): string {
  const others = Object.values(labels)
  const values = others.length === 0 && job !== undefined ? [job] : others
  return `${metric ?? mission ?? ''}${values.length > 0 ? `{${values.join(' ')}}` : ''}`
}
