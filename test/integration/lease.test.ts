import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { plannerLease } from '../../scheduler/redis/lease.ts'
import { realRedis } from './real-redis.ts'

const real = realRedis()
const lease = (owner: string, ttlMs = 60_000) => plannerLease(real.redis, { owner, ttlMs })

test('is held by one, until it gives it back', async () => {
  const [one, two] = [lease('one'), lease('two')]
  expect(one.isHeld()).toBe(false)
  await one.hold()
  await two.hold()
  await one.hold()
  expect([one.isHeld(), two.isHeld()]).toEqual([true, false])
  await one.release()
  await two.hold()
  expect([one.isHeld(), two.isHeld()]).toEqual([false, true])
})

test('is given back by its holder alone', async () => {
  const [one, two] = [lease('one'), lease('two')]
  await one.hold()
  await two.release()
  await two.hold()
  expect(two.isHeld()).toBe(false)
})

test('is held no longer than it is good for, also when nobody can be asked', async () => {
  const one = lease('one', 50)
  await one.hold()
  await sleep(60)
  expect(one.isHeld()).toBe(false)
  const two = lease('two')
  await two.hold()
  await one.hold()
  expect([one.isHeld(), two.isHeld()]).toEqual([false, true])
})
