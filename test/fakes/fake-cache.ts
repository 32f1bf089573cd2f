import type { AppError } from '../../models/errors.ts'
import type { MissionName } from '../../models/series.ts'
import type { BandRows, ForecastCache, Payload, PayloadMeta, PayloadRef } from '../../tasks/deps.ts'

/** The forecast cache in memory. */
export interface FakeCache extends ForecastCache {
  /** Every payload that was kept, oldest first. */
  readonly kept: Payload[]
  /** The next call of this verb fails once. */
  failNext(verb: 'keep' | 'markPublished', error: AppError): void
  /** As an emptied Redis. */
  flush(): void
}

export function fakeCache(): FakeCache {
  const missions = new Map<string, Map<string, Payload>>()
  const failures = new Map<string, AppError>()
  const kept: Payload[] = []
  const of = (mission: MissionName): Map<string, Payload> => {
    const payloads = missions.get(missionKey(mission)) ?? new Map<string, Payload>()
    missions.set(missionKey(mission), payloads)
    return payloads
  }
  // a replaced payload stays readable for runs that began with it
  const replaced = new Map<string, Payload>()
  const find = (mission: MissionName, ref: PayloadRef): Payload | undefined => {
    const found = of(mission).get(payloadKey(ref))
    return found?.meta.nonce === ref.nonce ? found : replaced.get(ref.nonce)
  }
  const fail = (verb: string): void => {
    const error = failures.get(verb)
    failures.delete(verb)
    if (error) throw error
  }
  return {
    kept,
    failNext: (verb, error) => failures.set(verb, error),
    flush() {
      missions.clear()
      replaced.clear()
    },
    async keep(mission, payload) {
      fail('keep')
      kept.push(payload)
      const before = of(mission).get(payloadKey(payload.meta))
      if (before) replaced.set(before.meta.nonce, before)
      of(mission).set(payloadKey(payload.meta), payload)
    },
    list: async (mission) =>
      [...of(mission).values()].map(({ meta }) => meta).sort((a, b) => b.nominalMs - a.nominalMs),
    async series(mission, ref) {
      const ids = find(mission, ref)?.series.map(({ id }) => id)
      return ids && { ids, rows: new Map(ids.map((id, row) => [id, row])) }
    },
    identities: async (mission, ref) => find(mission, ref)?.series,
    skipped: async (mission, ref) =>
      new Map(find(mission, ref)?.skipped.map(({ id, reason }): [string, string] => [id, reason])),
    bands: async (mission, ref, stepsMs) => bandsOf(find(mission, ref), stepsMs),
    async markPublished(mission, ref, steps) {
      fail('markPublished')
      const payload = of(mission).get(payloadKey(ref))
      if (payload?.meta.nonce === ref.nonce)
        of(mission).set(payloadKey(ref), { ...payload, meta: { ...payload.meta, published: steps } })
    },
    drop: async (mission) => void missions.delete(missionKey(mission)),
  }
}

export const missionKey = ({ tenant, mission }: MissionName): string => `${tenant}/${mission}`

/** What names a payload apart from its nonce. */
export const payloadKey = ({ bandKey, nominalMs, kind }: Omit<PayloadRef, 'nonce'>): string =>
  `${kind}/${bandKey}/${nominalMs}`

function bandsOf(payload: Payload | undefined, stepsMs: readonly number[]): Map<number, BandRows> {
  const bands = new Map<number, BandRows>()
  if (!payload) return bands
  const { startMs, stepMs } = payload.meta as PayloadMeta
  for (const ms of stepsMs) {
    const rows = payload.steps[(ms - startMs) / stepMs]
    if (rows) bands.set(ms, rows)
  }
  return bands
}
