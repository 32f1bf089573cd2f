import type { MissionName } from '../../models/series.ts'
import type { BandRows, ForecastCache, Payload, PayloadRef, Skip } from '../deps.ts'

/** Forecasts in memory, for a run without Redis; nothing expires. */
export function memoryForecastCache(): ForecastCache {
  const missions = new Map<string, Map<string, Payload>>()
  // a replaced payload stays readable for runs that began with it
  const replaced = new Map<string, Payload>()
  const payloadsOf = (mission: MissionName): Map<string, Payload> => {
    const payloads = missions.get(missionKey(mission)) ?? new Map<string, Payload>()
    missions.set(missionKey(mission), payloads)
    return payloads
  }
  const find = (mission: MissionName, ref: PayloadRef): Payload | undefined => {
    const found = payloadsOf(mission).get(payloadKey(ref))
    return found?.meta.nonce === ref.nonce ? found : replaced.get(ref.nonce)
  }
  return {
    async keep(mission, payload) {
      const before = payloadsOf(mission).get(payloadKey(payload.meta))
      if (before) replaced.set(before.meta.nonce, before)
      payloadsOf(mission).set(payloadKey(payload.meta), payload)
    },
    list: async (mission) =>
      [...payloadsOf(mission).values()].map(({ meta }) => meta).sort((a, b) => b.nominalMs - a.nominalMs),
    async series(mission, ref) {
      const ids = find(mission, ref)?.series.map(({ id }) => id)
      return ids && { ids, rows: new Map(ids.map((id, row) => [id, row])) }
    },
    identities: async (mission, ref) => find(mission, ref)?.series,
    skipped: async (mission, ref) =>
      new Map(find(mission, ref)?.skipped.map(({ id, ...skip }): [string, Skip] => [id, skip])),
    records: async (mission, ref) => find(mission, ref)?.records,
    bands: async (mission, ref, stepsMs) => bandsOf(find(mission, ref), stepsMs),
    async markPublished(mission, ref, published) {
      const payload = find(mission, ref)
      if (payload) payloadsOf(mission).set(payloadKey(ref), { ...payload, meta: { ...payload.meta, published } })
    },
    async retire(mission, ref) {
      if (find(mission, ref)) payloadsOf(mission).delete(payloadKey(ref))
    },
    drop: async (mission) => void missions.delete(missionKey(mission)),
  }
}

const missionKey = ({ tenant, mission }: MissionName): string => `${tenant}/${mission}`

/** What names a payload apart from its nonce. */
const payloadKey = ({ bandKey, nominalMs, kind }: Omit<PayloadRef, 'nonce'>): string =>
  `${kind}/${bandKey}/${nominalMs}`

function bandsOf(payload: Payload | undefined, stepsMs: readonly number[]): Map<number, BandRows> {
  const bands = new Map<number, BandRows>()
  if (!payload) return bands
  const { startMs, stepMs } = payload.meta
  for (const ms of stepsMs) {
    const rows = payload.steps[(ms - startMs) / stepMs]
    if (rows) bands.set(ms, rows)
  }
  return bands
}
