import {
  identifySeries,
  type Labels,
  type MissionName,
  type PanelSeries,
  type SeriesIdentity,
} from '../../models/series.ts'

interface Known {
  readonly bySeries: WeakMap<Labels, SeriesIdentity>
  /** A whole panel, by the labels of its first series. */
  readonly byFirst: WeakMap<Labels, NamedPanel>
}

interface NamedPanel {
  readonly labels: readonly Labels[]
  readonly identities: readonly SeriesIdentity[]
}

// by mission. Readers hand out the same label objects as long as a series lives, and naming a series costs 10 us: a
// panel of 100,000 would spend a second of each tick on names that it knows
const known = new Map<string, Known>()

/**
 * `identifySeries` for a panel that comes back every tick: the same array as long as its series stay the same.
 * @throws LABEL_COLLISION naming both label sets when two series become equal once written.
 */
export function identifyPanel(series: readonly PanelSeries[], name: MissionName): readonly SeriesIdentity[] {
  const [first] = series
  if (!first) return []
  const { bySeries, byFirst } = knownOf(name)
  const same = byFirst.get(first.labels)
  if (same && isSame(same.labels, series)) return same.identities
  const identities = series.map((each) => bySeries.get(each.labels) ?? identifySeries([each], name)[0]!)
  // the slow way names the two that are equal
  if (new Set(identities.map(({ id }) => id)).size < series.length) return identifySeries(series, name)
  for (const [s, { labels }] of series.entries()) bySeries.set(labels, identities[s]!)
  byFirst.set(first.labels, { labels: series.map(({ labels }) => labels), identities })
  return identities
}

function knownOf({ tenant, mission }: MissionName): Known {
  const key = `${tenant}/${mission}`
  const found = known.get(key) ?? { bySeries: new WeakMap(), byFirst: new WeakMap() }
  known.set(key, found)
  return found
}

function isSame(labels: readonly Labels[], series: readonly PanelSeries[]): boolean {
  return labels.length === series.length && series.every((each, s) => each.labels === labels[s])
}
