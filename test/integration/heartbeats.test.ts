import { expect, test } from 'vitest'
import { type ProcessInfo, readHeartbeats, startHeartbeat } from '../../scheduler/store/heartbeats.ts'
import { realRedis } from './real-redis.ts'

const real = realRedis()

const info = (name: string, startedMs: number): ProcessInfo => ({
  ...{ name, role: 'detect', version: '0.1.0', url: 'http://127.0.0.1:1', startedMs },
})

test('processes are seen from their first beat until they end, miss beats or are forgotten', async () => {
  const { redis } = real
  let nowMs = 1_000_000
  const clock = { now: () => nowMs }
  const read = async () => (await readHeartbeats(redis, clock)).map(({ name, isAlive }) => [name, isAlive])
  const second = await startHeartbeat(redis, info('b', 2), clock)
  const first = await startHeartbeat(redis, info('a', 1), clock)
  expect(await read()).toEqual([
    ['a', true],
    ['b', true],
  ])
  await first.stop()
  nowMs += 15_001
  expect(await read()).toEqual([['b', false]])
  nowMs += 3_600_000
  expect(await read()).toEqual([])
  await second.stop()
})

test('what another version wrote counts as absent', async () => {
  await real.redis.hset('{at}:processes', 'future', '{"name":"future"}', 'broken', '{')
  expect(await readHeartbeats(real.redis, { now: () => 0 })).toEqual([])
})
