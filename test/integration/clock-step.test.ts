import { afterEach, expect, test, vi } from 'vitest'
import { AppError } from '../../models/errors.ts'
import { keys } from '../../scheduler/store/ticks/schedule-keys.ts'
import { tickJob, tickRequest } from '../fakes/run-jobs.ts'
import { realRedis } from './real-redis.ts'
import { gate, runWorkers } from './run-workers.ts'

const hourMs = 3_600_000
const real = realRedis()
const now = Date.now
/** As processes carry Redis' clock on, whatever becomes of the machine's. */
const { queue: open, worker } = runWorkers(real, { now: () => now() })

/** The clock of the machine is set back, for BullMQ as well. */
const stepBack = () => vi.spyOn(Date, 'now').mockImplementation(() => now() - hourMs)
afterEach(() => {
  vi.restoreAllMocks()
})

const isDelayed = (queue: ReturnType<typeof open>['queue'], runId: string) =>
  vi.waitFor(async () => expect(await queue.state('detect', runId)).toBe('delayed'))

async function dueMs(runId: string): Promise<number> {
  return Number(await real.redis.zscore(keys.job('detect', 'delayed'), runId)) / 0x1000
}

test('a run that waited to be tried again is, once its instant has come', async () => {
  const { queue } = open()
  const attempts: number[] = []
  worker(async (_, { attempt }) => {
    attempts.push(attempt)
    if (attempt === 1) throw new AppError('STORE_UNAVAILABLE', 'store is away')
    return {}
  })
  const { runId } = tickJob(0)
  await queue.enqueue([tickRequest(tickJob(0), 'skip', { backoffMs: 500 })])
  await isDelayed(queue, runId)
  stepBack()
  await queue.promoteOverdue(now())
  expect(attempts).toEqual([1])
  await vi.waitFor(
    async () => {
      await queue.promoteOverdue(now())
      expect(await queue.state('detect', runId)).toBe('completed')
    },
    { timeout: 10_000 },
  )
  expect(attempts).toEqual([1, 2])
})

test('the next attempt is not due before its back-off', async () => {
  const { queue } = open()
  stepBack()
  worker(async () => {
    throw new AppError('STORE_UNAVAILABLE', 'store is away')
  })
  const { runId } = tickJob(0)
  await queue.enqueue([tickRequest(tickJob(0), 'skip', { backoffMs: 60_000 })])
  await isDelayed(queue, runId)
  expect(await dueMs(runId)).toBeGreaterThan(now())
})

test('a run that waits for another of its schedule looks again as late as ever', async () => {
  const { queue } = open()
  stepBack()
  const hold = gate()
  worker(
    async () => {
      await hold.opened
      return {}
    },
    { waitMs: 60_000 },
  )
  const { runId } = tickJob(1)
  await queue.enqueue([tickRequest(tickJob(0), 'latest')])
  await vi.waitFor(async () => expect(await queue.state('detect', tickJob(0).runId)).toBe('active'))
  await queue.enqueue([tickRequest(tickJob(1), 'latest')])
  await isDelayed(queue, runId)
  expect(await dueMs(runId)).toBeGreaterThan(now())
  hold.open()
})
