import type { AppError } from '../../models/errors.ts'
import type { MissionName } from '../../models/series.ts'
import { memoryForecastCache } from '../../tasks/cache/memory-forecast-cache.ts'
import type { ForecastCache, Payload, PayloadRef } from '../../tasks/deps.ts'

/** The forecast cache in memory, with what goes wrong with a real one. */
export interface FakeCache extends ForecastCache {
  /** Every payload that was kept, oldest first. */
  readonly kept: Payload[]
  /** The next call of this verb fails once. */
  failNext(verb: 'keep' | 'markPublished', error: AppError): void
  /** As an emptied Redis. */
  flush(): void
}

export function fakeCache(): FakeCache {
  let memory = memoryForecastCache()
  const failures = new Map<string, AppError>()
  const kept: Payload[] = []
  const fail = (verb: string): void => {
    const error = failures.get(verb)
    failures.delete(verb)
    if (error) throw error
  }
  return {
    kept,
    failNext: (verb, error) => failures.set(verb, error),
    flush() {
      memory = memoryForecastCache()
    },
    async keep(mission, payload) {
      fail('keep')
      kept.push(payload)
      await memory.keep(mission, payload)
    },
    list: (mission) => memory.list(mission),
    series: (mission, ref) => memory.series(mission, ref),
    identities: (mission, ref) => memory.identities(mission, ref),
    skipped: (mission, ref) => memory.skipped(mission, ref),
    records: (mission, ref) => memory.records(mission, ref),
    bands: (mission, ref, stepsMs) => memory.bands(mission, ref, stepsMs),
    async markPublished(mission, ref, steps) {
      fail('markPublished')
      await memory.markPublished(mission, ref, steps)
    },
    retire: (mission, ref) => memory.retire(mission, ref),
    drop: (mission) => memory.drop(mission),
  }
}

export const missionKey = ({ tenant, mission }: MissionName): string => `${tenant}/${mission}`

/** What names a payload apart from its nonce. */
export const payloadKey = ({ bandKey, nominalMs, kind }: Omit<PayloadRef, 'nonce'>): string =>
  `${kind}/${bandKey}/${nominalMs}`
