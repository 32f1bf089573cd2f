import { expect, test } from 'vitest'
import type { ForecastContext } from '../../flows/contexts.ts'
import { forecast } from '../../flows/forecast.ts'
import { findPart, joinParts } from '../../tasks/shards/join-parts.ts'
import { planShards } from '../../tasks/shards/plan-shards.ts'
import { fakeForecaster } from '../fakes/fake-deps.ts'
import { context, drawn, filled, mission, params, stepMs, T, world } from '../fakes/forecast-world.ts'

const hosts = Array.from({ length: 12 }, (_, i) => `h${i}`)

/** Forecasts the shards of a panel, and finds what they kept. */
async function sharded(made: ReturnType<typeof world>) {
  const plan = planShards(
    hosts.map((host) => ({ host })),
    { perShard: 4 },
  )
  const parts = []
  for (const [i, { part }] of plan.entries()) {
    const keptAs = { ...mission, mission: `m/run.s${i}` }
    const shard: Partial<ForecastContext> = { shard: { part, keptAs }, effect: 'keep' }
    const result = await forecast.run(made.deps, params, context(T, shard))
    expect(result).toMatchObject({ read: result.forecast + result.skipped.length, samplesWritten: 0 })
    const found = await findPart(made.deps.cache, keptAs, { bandKey: 'k1', nominalMs: T })
    if (found) parts.push(found)
  }
  expect(parts).toHaveLength(3)
  return parts
}

test('shards together forecast what one run does, and nobody sees a part', async () => {
  const made = world({ hosts })
  const parts = await sharded(made)
  expect(await made.deps.cache.list(mission)).toEqual([])
  const result = await forecast.run(made.deps, params, context(T, { parts }))
  expect(result).toMatchObject({ read: 12, forecast: 12, payload: { seriesCount: 12, model: 'flat' } })
  expect(drawn(made.deps)).toEqual(Object.fromEntries(hosts.map((host) => [host, filled(3, 14, 10)])))
  expect(made.deps.store.conflicts).toEqual([])
})

test('series that no part could forecast are told as those of one run are', async () => {
  const made = world({ hosts })
  made.deps.store.generate({ __name__: 'cpu', host: 'young' }, (ms) => (ms > T - 3 * stepMs ? 1 : Number.NaN))
  const parts = await sharded(made)
  const { read, skipped, payload } = await forecast.run(made.deps, params, context(T, { parts }))
  expect({ read, skipped: skipped.length, series: payload?.seriesCount }).toEqual({ read: 13, skipped: 1, series: 12 })
  expect(payload && (await made.deps.cache.skipped(mission, payload)).size).toBe(1)
})

test('the joined forecast has the steps of its parts, as far as each of them reaches', async () => {
  const made = world({ hosts })
  const [first, ...others] = await sharded(made)
  if (!first) throw new Error('no part')
  const horizon = 20
  const shorter = { ...first, meta: { ...first.meta, horizon } }
  // each step has a value of its own
  const cache: typeof made.deps.cache = {
    ...made.deps.cache,
    bands: async (_, { nominalMs }, instants) => new Map(instants.map((ms) => [ms, rowsOf((ms - nominalMs) / stepMs)])),
  }
  const rowsOf = (value: number) => {
    const rows = new Float32Array(4).fill(value)
    return { pred: rows, lower: rows, upper: rows }
  }
  const { steps } = await joinParts(cache, [...others, shorter])
  const firstStep = (first.meta.startMs - T) / stepMs
  expect(steps.map(({ pred }) => [...pred])).toEqual(
    Array.from({ length: horizon }, (_, i) => Array(12).fill(firstStep + i)),
  )
})

test('what came after the plan is in the last part', async () => {
  const made = world({ hosts })
  made.addHost('new')
  const parts = await sharded(made)
  const result = await forecast.run(made.deps, params, context(T, { parts }))
  expect(result.forecast).toBe(13)
})

test('a retry publishes what was joined, without the parts', async () => {
  const made = world({ hosts })
  const parts = await sharded(made)
  made.deps.store.failWriteAfter(5)
  await expect(forecast.run(made.deps, params, context(T, { parts }))).rejects.toThrow('the store went away')
  made.level.value = 99
  await forecast.run(made.deps, params, context(T, { parts: [] }))
  expect(drawn(made.deps).h7).toEqual(filled(3, 14, 10))
})

test('a series that two parts would write is an error of the mission', async () => {
  const made = world({ hosts })
  const [part] = await sharded(made)
  if (!part) throw new Error('no part')
  await expect(joinParts(made.deps.cache, [part, part])).rejects.toMatchObject({ code: 'LABEL_COLLISION' })
})

test('a part that is gone is an error worth another attempt', async () => {
  const made = world({ hosts })
  const [part] = await sharded(made)
  if (!part) throw new Error('no part')
  const lost = { ...part, keptAs: { ...mission, mission: 'm/run.s9' }, meta: { ...part.meta, nonce: 'other' } }
  await expect(joinParts(made.deps.cache, [lost])).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' })
})

test('what models left of some series stays with them', async () => {
  const flat = fakeForecaster('flat')
  const made = world({ hosts, flat })
  const parts = await sharded(made)
  const joined = await joinParts(made.deps.cache, parts)
  expect(joined.records).toBeUndefined()
  const bytes = (id: string) => new TextEncoder().encode(id)
  const cache: typeof made.deps.cache = {
    ...made.deps.cache,
    // the first part's model left none
    records: async (name, ref) =>
      name.mission.endsWith('s0') ? undefined : (await made.deps.cache.series(name, ref))?.ids.map(bytes),
  }
  const { records, series } = await joinParts(cache, parts)
  expect(records).toEqual(
    series.map(({ id }, row) => (row < (parts[0]?.meta.seriesCount ?? 0) ? undefined : bytes(id))),
  )
})
