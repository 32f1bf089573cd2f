import { expect, test, vi } from 'vitest'
import { AppError } from '../../models/errors.ts'
import { namesOf } from '../../scheduler/queue/attempt-record.ts'
import type { FoundJob } from '../../scheduler/queue/find-jobs.ts'
import type { RunJob, RunRecord } from '../../scheduler/queue/runs.ts'
import { createCancelStore } from '../../scheduler/store/ticks/cancel-store.ts'
import { tickJob, tickRequest } from '../fakes/run-jobs.ts'
import { realRedis } from './real-redis.ts'
import { gate, runWorkers } from './run-workers.ts'

const real = realRedis()
const { queue: open, worker } = runWorkers(real)
const schedule = { tenant: 'default', id: 'cpu.detect' }
const range = { fromMs: tickJob(0).nominalMs - 1, untilMs: tickJob(1_000).nominalMs }
const key = ({ runId }: RunJob) => ({ tenant: 'default', runId })
const cancelOf = (job: RunJob) => ({ ...key(job), actor: 'ops', reason: 'wrong model' })
const cancelled = {
  state: 'cancelled',
  cancel: { actor: 'ops', reason: 'wrong model' },
  error: { code: 'RUN_CANCELLED' },
}
const jobState = (queue: ReturnType<typeof open>['queue'], job: RunJob, state: string | undefined) =>
  vi.waitFor(async () => expect(await queue.state(job.flow, job.runId)).toBe(state), { timeout: 10_000, interval: 20 })

/** A worker that holds every run until it is aborted. */
function hangingWorker(options = {}) {
  const begun = gate()
  const worked = worker((_, { signal }) => {
    begun.open()
    return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))))
  }, options)
  return { begun, ...worked }
}

test.each([
  { name: 'one that waits', priority: 10, startAtMs: 0 },
  { name: 'one of the highest priority', priority: 0, startAtMs: 0 },
  { name: 'one that is delayed', priority: 10, startAtMs: Date.now() + 3_600_000 },
])('cancel takes $name from the queue and ends its tick', async ({ priority, startAtMs }) => {
  const { queue, ticks, runService, counted } = open()
  const job = tickJob(0)
  await queue.enqueue([tickRequest(job, 'skip', { priority, startAtMs })])
  expect(await runService.get(key(job))).toMatchObject({ state: 'waiting', attempt: 0, enqueuedMs: job.enqueuedMs })
  expect(await runService.cancel(cancelOf(job))).toMatchObject({ ...cancelled, attempt: 0 })
  expect(await queue.state('detect', job.runId)).toBeUndefined()
  expect(await ticks.list(schedule, range)).toMatchObject([{ outcome: 'missed', reason: 'cancelled' }])
  expect(counted).toEqual(['detect missed', 'detect cancelled'])
  // its schedule goes on
  expect(await queue.enqueue([tickRequest(tickJob(1), 'skip')])).toMatchObject([{ outcome: 'new' }])
  expect(await runService.cancel(cancelOf(job))).toMatchObject(cancelled)
  expect(counted).toHaveLength(2)
})

test('cancel ends a run at work, which is not tried again', async () => {
  const { queue, ticks, runService } = open()
  const { begun, counted, settled } = hangingWorker()
  const job = tickJob(0)
  await queue.enqueue([tickRequest(job, 'skip', { maxAttempts: 5 })])
  await begun.opened
  expect(await runService.get(key(job))).toMatchObject({ state: 'active', attempt: 1 })
  expect(await runService.cancel(cancelOf(job))).toMatchObject({
    ...cancelled,
    ...{ attempt: 1, attempts: [{ attempt: 1, worker: 'w1', error: 'RUN_CANCELLED' }] },
  })
  await jobState(queue, job, 'failed')
  expect(settled).toMatchObject([cancelled])
  expect(counted).toEqual(['detect run', 'detect attempt RUN_CANCELLED', 'detect cancelled'])
  expect(await ticks.list(schedule, range)).toMatchObject([{ outcome: 'run', reason: 'on_time' }])
  expect((await runService.logs(key(job))).at(-1)?.text).toMatch(/^cancelled after .* by ops: wrong model$/)
})

test('cancel ends a run that waits between two attempts', async () => {
  const { queue, runService, ticks } = open()
  worker(async () => {
    throw new AppError('STORE_BUSY', 'busy')
  })
  const job = tickJob(0)
  await queue.enqueue([tickRequest(job, 'skip', { maxAttempts: 5, backoffMs: 60_000 })])
  await jobState(queue, job, 'delayed')
  expect(await runService.cancel(cancelOf(job))).toMatchObject({
    ...cancelled,
    ...{ attempt: 1, attempts: [{ attempt: 1, error: 'STORE_BUSY' }] },
  })
  expect(await queue.state('detect', job.runId)).toBeUndefined()
  expect(await ticks.list(schedule, range)).toMatchObject([{ outcome: 'run' }])
})

test('a wish that was there before a worker took the run is heard', async () => {
  const { queue, runs } = open()
  const job = tickJob(0)
  await real.redis.set(`{at}:cancel:${job.runId}`, JSON.stringify({ actor: 'ops', reason: 'wrong model', atMs: 1 }))
  await queue.enqueue([tickRequest(job, 'skip')])
  hangingWorker()
  await jobState(queue, job, 'failed')
  expect(await runs.get(job.runId)).toMatchObject(cancelled)
})

test('a worker that hears nothing leaves the answer at cancelling', async () => {
  const { queue, runService } = open({ confirmMs: 100 })
  const { begun } = hangingWorker({ cancelPollMs: 3_600_000 })
  const job = tickJob(0)
  await queue.enqueue([tickRequest(job, 'skip')])
  await begun.opened
  expect(await runService.cancel(cancelOf(job))).toMatchObject({ state: 'cancelling', cancel: { actor: 'ops' } })
  expect(await runService.get(key(job))).toMatchObject({ state: 'cancelling', cancel: { actor: 'ops' } })
})

test("what has ended, is unknown or another tenant's cannot be cancelled", async () => {
  const { queue, runService } = open()
  worker(async () => ({}))
  const job = tickJob(0)
  await queue.enqueue([tickRequest(job, 'skip')])
  await jobState(queue, job, 'completed')
  await expect(runService.cancel(cancelOf(job))).rejects.toMatchObject({ code: 'CONFLICT' })
  await expect(runService.cancel({ ...cancelOf(job), tenant: 'red' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(runService.cancel(cancelOf(tickJob(1)))).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(await real.redis.keys('{at}:cancel:*')).toEqual([])
})

test('retry runs a failed run once more: same id, same T, same window, another attempt', async () => {
  const { queue, ticks, runService } = open()
  const seen: [number, RunJob][] = []
  worker(async (job, { attempt, updateJob }) => {
    seen.push([attempt, job])
    if (attempt > 1) return { scored: 1 }
    await updateJob({ ...job, detectPlan: { window: range, owners: [], payloads: [] } })
    throw new AppError('QUERY_REJECTED', 'no')
  })
  const job = tickJob(0)
  await queue.enqueue([tickRequest(job, 'skip')])
  await jobState(queue, job, 'failed')
  expect(await runService.retry(key(job))).toMatchObject({ runId: job.runId, state: 'retrying', attempt: 1 })
  await jobState(queue, job, 'completed')
  expect(seen.map(([attempt]) => attempt)).toEqual([1, 2])
  expect(seen[1]?.[1]).toMatchObject({ nominalMs: job.nominalMs, retriedAfter: 1, detectPlan: { window: range } })
  expect(await runService.get(key(job))).toMatchObject({
    ...{ state: 'succeeded', attempt: 2, summary: { scored: 1 } },
    attempts: [{ attempt: 1, error: 'QUERY_REJECTED' }, { attempt: 2 }],
  })
  expect(await ticks.list(schedule, range)).toHaveLength(1)
  await expect(runService.retry(key(job))).rejects.toMatchObject({ code: 'CONFLICT' })
})

test('retry runs what was cancelled before it began, though its tick stays missed', async () => {
  const { queue, ticks, runService } = open()
  const job = tickJob(0, { startDeadlineMs: 1_000 })
  await queue.enqueue([tickRequest(job, 'latest')])
  await runService.cancel(cancelOf(job))
  await runService.retry(key(job))
  await expect(runService.retry(key(job))).rejects.toMatchObject({ code: 'CONFLICT' })
  worker(async () => ({ scored: 1 }))
  await jobState(queue, job, 'completed')
  expect(await runService.get(key(job))).toMatchObject({ state: 'succeeded', attempt: 1 })
  expect(await ticks.list(schedule, range)).toMatchObject([{ outcome: 'missed', reason: 'cancelled' }])
})

test('whoever cancels a triggered run that waits hears that it is cancelled, also all at once', async () => {
  const { queue, runService, counted } = open()
  const job = tickJob(0, { kind: 'trigger', runId: 't.default.cpu.detect.1' })
  await queue.enqueue([tickRequest(job)])
  const answers = await Promise.allSettled(Array.from({ length: 8 }, () => runService.cancel(cancelOf(job))))
  expect(answers).toMatchObject(Array.from(answers, () => ({ status: 'fulfilled', value: cancelled })))
  expect(counted).toEqual(['detect cancelled'])
})

test('a cancelled run is known though nobody lived to tell of it', async () => {
  const { queue, runs, runService } = open()
  const job = tickJob(0, { kind: 'trigger', runId: 't.default.cpu.detect.2' })
  await queue.enqueue([tickRequest(job)])
  const times = { startedMs: 1, endedMs: 1, attempt: 0 }
  const ended: RunRecord = { ...namesOf(job), ...times, state: 'cancelled', worker: '' }
  await createCancelStore(real.redis).takeWaiting(job, ended)
  expect(await runs.get(job.runId)).toMatchObject(ended)
  expect(await runService.get(key(job))).toMatchObject({ state: 'cancelled' })
})

test('of those who retry a run at once, one does', async () => {
  const { queue, runService } = open()
  const job = tickJob(0)
  await queue.enqueue([tickRequest(job, 'skip')])
  await runService.cancel(cancelOf(job))
  const answers = await Promise.allSettled(Array.from({ length: 8 }, () => runService.retry(key(job))))
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  for (const answer of answers)
    if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'CONFLICT' })
})

test('a plain run is known by its tick once its job is forgotten, and a tick without a run says why', async () => {
  const { queue, ticks, runService } = open()
  worker(async () => ({ scored: 2 }))
  const job = tickJob(0)
  await queue.enqueue([tickRequest(job, 'skip')])
  await jobState(queue, job, 'completed')
  expect(await runService.get(key(job))).toMatchObject({ state: 'succeeded', summary: { scored: 2 } })
  await queue.remove('detect', job.runId)
  expect(await runService.get(key(job))).toEqual({
    ...{ runId: job.runId, tenant: 'default', kind: 'tick', flow: 'detect', mission: 'cpu', scheduleId: 'cpu.detect' },
    ...{ nominalMs: job.nominalMs, state: 'succeeded', attempt: 1, startedMs: expect.any(Number) },
  })
  expect(await runService.logs(key(job))).toEqual([])
  const mark = { nominalMs: tickJob(1).nominalMs, outcome: 'expired', reason: 'start_deadline', lagMs: 5 } as const
  await ticks.record({ ...schedule, flow: 'detect' }, mark)
  await expect(runService.get(key(tickJob(1)))).rejects.toThrow(/ended as expired \(start_deadline\)/)
})

test('the log of a run keeps its last hundred lines, each cut off', async () => {
  const { queue, runService } = open()
  worker(async (_, { log }) => {
    for (let i = 0; i < 120; i++) log?.('info', `${i} ${'x'.repeat(2_000)}`)
    throw new AppError('QUERY_REJECTED', 'no')
  })
  const job = tickJob(0)
  await queue.enqueue([tickRequest(job, 'skip')])
  await jobState(queue, job, 'failed')
  const lines = await runService.logs(key(job))
  expect(lines).toHaveLength(100)
  expect(lines[0]?.text).toHaveLength(1_000)
  expect(lines.at(-1)).toMatchObject({
    level: 'warn',
    text: expect.stringMatching(/^failed after .*QUERY_REJECTED: no$/),
  })
  expect(await real.redis.pttl(`{at}:run:${job.runId}:log`)).toBeGreaterThan(86_400_000)
})

test('a job is found by its id in whichever queue, with what became of it', async () => {
  const { queue } = open()
  const [waits, failed, done] = [tickJob(0, { flow: 'forecast' }), tickJob(1, { mission: 'bad' }), tickJob(2)]
  worker(async ({ mission }) => {
    if (mission === 'bad') throw new AppError('STORE_BUSY', 'busy')
    return { scored: 1 }
  })
  await queue.enqueue([tickRequest(waits), tickRequest(failed, undefined, { maxAttempts: 1 }), tickRequest(done)])
  await jobState(queue, failed, 'failed')
  await jobState(queue, done, 'completed')
  const found = async ({ runId }: RunJob): Promise<FoundJob | undefined> => queue.find(runId)
  expect(await found(waits)).toEqual({ job: waits, state: 'waiting', attempts: 0, maxAttempts: 3 })
  expect(await found(failed)).toMatchObject({ state: 'failed', attempts: 1, endedMs: expect.any(Number) })
  expect(await found(done)).toMatchObject({ state: 'completed', summary: { scored: 1 } })
  expect(await found(tickJob(3))).toBeUndefined()
})
