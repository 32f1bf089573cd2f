import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { expect, test, vi } from 'vitest'
import { createPlanner } from '../../scheduler/planning/planner.ts'
import { createRunQueue } from '../../scheduler/queue/queue.ts'
import { redisClock } from '../../scheduler/redis/redis-clock.ts'
import { redisOptions } from '../../scheduler/redis/redis-options.ts'
import { createRunStore } from '../../scheduler/store/ticks/run-store.ts'
import { createScheduleStore } from '../../scheduler/store/ticks/schedule-store.ts'
import { createTickStore } from '../../scheduler/store/ticks/tick-store.ts'
import { policy, scheduleEntry } from '../fakes/schedules.ts'
import { realRedis } from './real-redis.ts'
import { runWorkers } from './run-workers.ts'

const real = realRedis({ durable: true })
const { worker } = runWorkers(real)
/** As production connects: commands fail at once while Redis is away. */
function connect(use: 'producer' | 'worker') {
  const client = new Redis(redisOptions({ url: real.url }, 'control', use))
  client.on('error', () => undefined)
  return client
}
const silent = { tick: () => undefined, lostRun: () => undefined }

test('Redis away for seconds: every T of that time has one outcome, and runs go on', async () => {
  const redis = connect('producer')
  await once(redis, 'ready')
  const [schedules, ticks, runs] = [createScheduleStore(redis), createTickStore(redis), createRunStore(redis)]
  const clock = await redisClock(redis, { everyMs: 500 })
  const queue = createRunQueue({ redis, clock })
  const startMs = clock.now()
  const ids = ['a', 'b', 'c'].map((mission) => `${mission}.detect`)
  const everySecond = { kind: 'every', everyMs: 1_000, phaseMs: 0 } as const
  for (const id of ids) await schedules.upsertSchedule(scheduleEntry({ id, spec: everySecond, policy }), startMs)
  const ran: string[] = []
  const { worker: pool } = worker(async ({ runId }) => ({ ran: ran.push(runId) }), {
    ...{ redis, connection: connect('worker'), lockDurationMs: 30_000 },
  })
  await pool.ready()
  const planners = ['one', 'two'].map((replica) => {
    const options = { redis, clock, replica, schedules, ticks, runs, queue, metrics: silent }
    return createPlanner(options)
  })
  for (const planner of planners) planner.start()

  await vi.waitFor(() => expect(ran.length).toBeGreaterThanOrEqual(6), { timeout: 20_000 })
  await real.restart(3_000)
  const backMs = clock.now()
  const ranBefore = ran.length
  await vi.waitFor(() => expect(ran.length).toBeGreaterThanOrEqual(ranBefore + 9), { timeout: 20_000 })
  await Promise.all(planners.map((planner) => planner.stop()))
  await sleep(200)
  clock.close()

  expect(new Set(ran).size).toBe(ran.length)
  for (const id of ids) {
    const list = await ticks.list({ tenant: 'default', id }, { fromMs: startMs, untilMs: backMs })
    const expected: number[] = []
    for (let ms = Math.floor(startMs / 1_000) * 1_000 + 1_000; ms <= backMs; ms += 1_000) expected.push(ms)
    expect(list.map(({ nominalMs }) => nominalMs)).toEqual(expected)
  }
  await pool.close(1_000)
  await queue.close()
  redis.disconnect()
}, 60_000)
