import {
  identifySeries,
  type Labels,
  type MissionName,
  type PanelSeries,
  type SeriesIdentity,
} from '../models/series.ts'

// labels -> identity, by mission. Readers hand out the same label objects as long as a series lives, and naming a
// series costs 10 us, so a panel of 100,000 would spend a second a tick on names that it knows
const known = new Map<string, WeakMap<Labels, SeriesIdentity>>()

/**
 * `identifySeries` for a panel that comes back every tick.
 * @throws LABEL_COLLISION naming both label sets when two series become equal once written.
 */
export function identifyPanel(series: readonly PanelSeries[], name: MissionName): SeriesIdentity[] {
  const identities = knownOf(name)
  const ids = new Set<string>()
  const identified = series.map((each) => {
    let identity = identities.get(each.labels)
    if (!identity) {
      identity = identifySeries([each], name)[0]!
      identities.set(each.labels, identity)
    }
    ids.add(identity.id)
    return identity
  })
  // the slow way names the two that are equal
  return ids.size === series.length ? identified : identifySeries(series, name)
}

function knownOf({ tenant, mission }: MissionName): WeakMap<Labels, SeriesIdentity> {
  const key = `${tenant}/${mission}`
  const identities = known.get(key) ?? new WeakMap<Labels, SeriesIdentity>()
  known.set(key, identities)
  return identities
}
