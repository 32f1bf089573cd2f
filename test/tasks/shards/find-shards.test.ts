import { expect, test } from 'vitest'
import { findShards } from '../../../tasks/shards/find-shards.ts'
import { stepMs, T, world } from '../../fakes/forecast-world.ts'

const hosts = Array.from({ length: 12 }, (_, i) => `h${i}`)
const panel = { query: 'cpu', stepMs, untilMs: T, maxSeries: 100 }

test('a panel above the threshold is split by what it holds at its last step', async () => {
  const { deps } = world({ hosts })
  const shards = await findShards(deps, { ...panel, above: 4 })
  expect(shards?.map(({ series }) => series)).toEqual([4, 4, 4])
  expect(deps.store.queries).toMatchObject([{ startMs: T, endMs: T }])
})

test('one that is as large as a shard is not', async () => {
  const { deps } = world({ hosts })
  expect(await findShards(deps, { ...panel, above: 12 })).toBeUndefined()
})

test('the store is not asked where the mission may not have so many', async () => {
  const { deps } = world({ hosts })
  expect(await findShards(deps, { ...panel, maxSeries: 12, above: 12 })).toBeUndefined()
  expect(deps.store.queries).toEqual([])
})
