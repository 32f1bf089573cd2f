import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { redisClock } from '../../../scheduler/redis/redis-clock.ts'

beforeEach(() => void vi.useFakeTimers({ now: 0 }))
afterEach(() => void vi.useRealTimers())

/** Redis' clock, `aheadMs` before ours. */
function fakeRedis(aheadMs: number) {
  const server = {
    aheadMs,
    isAway: false,
    evalsha: async () => {
      if (server.isAway) throw new Error('away')
      const ms = performance.now() + server.aheadMs
      return [`${Math.floor(ms / 1_000)}`, `${Math.floor((ms % 1_000) * 1_000)}`]
    },
    eval: async () => undefined,
  }
  return server
}

test('it tells Redis’ time, whatever the wall clock here says', async () => {
  const redis = fakeRedis(1_000_000)
  const clock = await redisClock(redis)
  vi.setSystemTime(5_000_000_000)
  expect(clock.now()).toBe(1_000_000)
  await vi.advanceTimersByTimeAsync(1_234)
  expect(clock.now()).toBe(1_001_234)
  clock.close()
})

test('it follows Redis every ten seconds and runs on while Redis is away', async () => {
  const redis = fakeRedis(1_000_000)
  const clock = await redisClock(redis)
  redis.aheadMs = 2_000_000
  await vi.advanceTimersByTimeAsync(10_000)
  expect(clock.now()).toBe(2_010_000)
  redis.isAway = true
  await vi.advanceTimersByTimeAsync(60_000)
  expect(clock.now()).toBe(2_070_000)
  clock.close()
  expect(vi.getTimerCount()).toBe(0)
})

test('it does not begin without Redis', async () => {
  const redis = fakeRedis(0)
  redis.isAway = true
  await expect(redisClock(redis)).rejects.toThrow('away')
})
