import { Queue } from 'bullmq'
import { expect, onTestFinished, test } from 'vitest'
import { promoteOverdue } from '../../scheduler/queue/promote-overdue.ts'
import { createRunQueue } from '../../scheduler/queue/queue.ts'
import type { RunJob } from '../../scheduler/queue/runs.ts'
import { queuePrefix } from '../../scheduler/store/ticks/schedule-keys.ts'
import { realRedis } from './real-redis.ts'

const real = realRedis()
const hourMs = 3_600_000

test('runs that are due by the shared clock are promoted, others stay where they are', async () => {
  const { redis } = real
  const nowMs = Date.now()
  const runs = createRunQueue({ redis, clock: { now: () => nowMs } })
  const queue = new Queue<RunJob>('detect', { connection: redis, prefix: queuePrefix })
  onTestFinished(async () => {
    await Promise.all([runs.close(), queue.close()])
  })
  const delayed = (runId: string, startAtMs: number) => {
    const job = { runId, kind: 'trigger', flow: 'detect', tenant: 'default', mission: 'cpu', nominalMs: nowMs } as const
    return { job: { ...job, bandKey: 'band', enqueuedMs: nowMs }, startAtMs, priority: 1 }
  }
  await runs.enqueue([delayed('f.soon', nowMs + hourMs), delayed('f.later', nowMs + 2 * hourMs)])
  await promoteOverdue({ queue, redis }, nowMs + hourMs)
  expect(await queue.getDelayedCount()).toBe(2)
  await promoteOverdue({ queue, redis }, nowMs + hourMs + 2_000)
  expect((await queue.getDelayed()).map(({ id }) => id)).toEqual(['f.later'])
  expect((await queue.getPrioritized()).map(({ id }) => id)).toEqual(['f.soon'])
})
