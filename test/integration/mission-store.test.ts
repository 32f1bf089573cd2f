import { beforeEach, describe, expect, test } from 'vitest'
import { createMissionStore, type MissionStore } from '../../scheduler/store/missions/mission-store.ts'
import type { StoredMission } from '../../scheduler/store/missions/stored-mission.ts'
import { realRedis } from './real-redis.ts'

const context = realRedis()
let store: MissionStore

beforeEach(() => {
  store = createMissionStore(context.redis)
})

const missionOf = (fields: Partial<StoredMission> = {}): StoredMission => ({
  tenant: 'default',
  id: 'cpu',
  document: { id: 'cpu', query: 'up{job="ä"}' },
  createdMs: 1_764_000_000_000,
  updatedMs: 1_764_000_000_000,
  generation: 1,
  bandKey: 'band',
  scopeKey: 'scope',
  scopeSinceMs: 1_764_000_000_000,
  forecastEras: [
    {
      spec: { kind: 'every', everyMs: 3_600_000, phaseMs: 300_000 },
      stepMs: 300_000,
      leadMs: 600_000,
      firstMs: undefined,
      ownsFromMs: undefined,
    },
  ],
  detectSpec: { kind: 'cron', cron: '* * * * *', timeZone: 'UTC' },
  ...fields,
})
const create = (fields: Partial<StoredMission> = {}) =>
  store.replace({ mission: missionOf(fields), expected: undefined })
const cpu = { tenant: 'default', mission: 'cpu' }

test('a mission comes back as it was stored', async () => {
  expect(await create()).toBe(true)
  expect(await store.get(cpu)).toEqual(missionOf())
  expect(await store.get({ ...cpu, mission: 'mem' })).toBeUndefined()
  expect(await store.get({ ...cpu, tenant: 'other' })).toBeUndefined()
})

describe('compare and set', () => {
  test('creates only what is not there', async () => {
    await create()
    expect(await create({ bandKey: 'other' })).toBe(false)
    expect(await store.get(cpu)).toEqual(missionOf())
  })

  test('replaces only the generation that was read', async () => {
    await create()
    const second = missionOf({ generation: 2, updatedMs: 5 })
    expect(await store.replace({ mission: second, expected: 1 })).toBe(true)
    expect(await store.replace({ mission: missionOf({ generation: 2 }), expected: 1 })).toBe(false)
    expect(await store.get(cpu)).toEqual(second)
  })

  test('does not bring back what was removed meanwhile', async () => {
    await create()
    await store.remove(cpu)
    expect(await store.replace({ mission: missionOf({ generation: 2 }), expected: 1 })).toBe(false)
    expect(await store.get(cpu)).toBeUndefined()
  })

  test('lets one of many writers through', async () => {
    await create()
    const writes = Array.from({ length: 20 }, () =>
      store.replace({ mission: missionOf({ generation: 2 }), expected: 1 }),
    )
    expect((await Promise.all(writes)).filter(Boolean)).toHaveLength(1)
  })
})

test.each([
  { expected: 1, answer: 'removed' },
  { expected: undefined, answer: 'removed' },
  { expected: 2, answer: 'conflict' },
])('removing generation $expected of generation 1 answers $answer', async ({ expected, answer }) => {
  await create()
  expect(await store.remove(cpu, expected)).toBe(answer)
  expect((await store.get(cpu)) === undefined).toBe(answer === 'removed')
})

test('removing what is not there answers missing', async () => {
  expect(await store.remove(cpu)).toBe('missing')
})

test('lists by id, page by page, one tenant at a time', async () => {
  for (const id of ['b', 'a-2', 'c', 'a', '0']) await create({ id })
  await create({ id: 'foreign', tenant: 'other' })
  const first = await store.list('default', { limit: 2 })
  expect(first.missions.map(({ id }) => id)).toEqual(['0', 'a'])
  const second = await store.list('default', { limit: 2, cursor: first.cursor ?? '' })
  expect(second.missions.map(({ id }) => id)).toEqual(['a-2', 'b'])
  const third = await store.list('default', { limit: 2, cursor: second.cursor ?? '' })
  expect(third.missions.map(({ id }) => id)).toEqual(['c'])
  expect(third.cursor).toBeUndefined()
  expect(await store.list('nobody', { limit: 2 })).toEqual({ missions: [] })
})

test('a page goes on after a mission that was removed meanwhile', async () => {
  for (const id of ['a', 'b', 'c']) await create({ id })
  const { cursor = '' } = await store.list('default', { limit: 2 })
  await store.remove({ tenant: 'default', mission: 'b' })
  expect((await store.list('default', { limit: 2, cursor })).missions.map(({ id }) => id)).toEqual(['c'])
})

test('goes through all missions of all tenants', async () => {
  for (const [tenant, id] of [
    ['b', 'x'],
    ['a', 'z'],
    ['a', 'y'],
  ] as const)
    await create({ tenant, id })
  await store.remove({ tenant: 'b', mission: 'x' })
  const names: string[] = []
  for await (const { tenant, id } of store.all()) names.push(`${tenant}/${id}`)
  expect(names).toEqual(['a/y', 'a/z'])
  expect(await context.redis.smembers('{at}:tenants')).toEqual(['a'])
})

test('the revision moves with every change and with nothing else', async () => {
  const revisions = [await store.revision()]
  await create()
  revisions.push(await store.revision())
  await create()
  await store.replace({ mission: missionOf({ generation: 2 }), expected: 1 })
  revisions.push(await store.revision())
  await store.remove(cpu)
  await store.remove(cpu)
  revisions.push(await store.revision())
  expect(revisions).toEqual([0, 1, 2, 3])
})

test('a mission of a later release is no missing mission', async () => {
  await create()
  await context.redis.hset('{at}:mis:default:cpu', 'mission', JSON.stringify({ version: 99 }))
  await expect(store.get(cpu)).rejects.toMatchObject({ code: 'CACHE_INVALID', message: /cpu .*version 99/ })
})
