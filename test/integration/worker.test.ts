import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import { AppError } from '../../models/errors.ts'
import { keys } from '../../scheduler/store/ticks/schedule-keys.ts'
import { tickJob, tickRequest } from '../fakes/run-jobs.ts'
import { realRedis } from './real-redis.ts'
import { gate, runWorkers } from './run-workers.ts'
import { buildDist, spawnWorker } from './worker-process.ts'

const real = realRedis()
const { queue: open, worker } = runWorkers(real)
const key = { tenant: 'default', id: 'cpu.detect' }
const range = { fromMs: tickJob(0).nominalMs - 1, untilMs: tickJob(1_000).nominalMs }
const processes: ReturnType<typeof spawnWorker>[] = []

beforeAll(() => buildDist(), 120_000)
afterEach(async () => {
  for (const child of processes) child.kill('SIGKILL')
  await Promise.all(processes.splice(0).map(({ exited }) => exited))
})

function startProcess(name: string, lockMs?: number) {
  const child = spawnWorker(real.url, name, lockMs)
  processes.push(child)
  return child
}

const waitForState = (queue: ReturnType<typeof open>['queue'], runId: string, state: string) =>
  vi.waitFor(async () => expect(await queue.state('detect', runId)).toBe(state), { timeout: 10_000, interval: 50 })

test('a plain detect run leaves its tick and no record; a forecast run leaves both', async () => {
  const { queue, runs, ticks } = open()
  const { counted } = worker(async () => ({ series: 3 }))
  worker(async () => ({ series: 4 }), { flow: 'forecast' })
  const forecast = tickJob(0, { flow: 'forecast' })
  await queue.enqueue([tickRequest(tickJob(0), 'skip'), tickRequest(forecast, 'latest')])
  await waitForState(queue, tickJob(0).runId, 'completed')
  await vi.waitFor(async () => expect(await queue.state('forecast', forecast.runId)).toBe('completed'))
  expect(await ticks.list(key, range)).toMatchObject([{ outcome: 'run', reason: 'on_time' }])
  expect(await runs.get(tickJob(0).runId)).toBeUndefined()
  expect(await runs.get(forecast.runId)).toMatchObject({
    state: 'succeeded',
    attempt: 1,
    summary: { series: 4 },
  })
  expect(counted).toEqual(['detect run', 'detect attempt ok', 'detect succeeded'])
})

test('of the runs that ended so many are kept, and those past their age are dropped', async () => {
  const { queue } = open()
  const finished = keys.job('detect', 'completed')
  const old = Array.from({ length: 5_000 }, (_, n) => [`${n + 1}`, `old-${n}`]).flat()
  await real.redis.call('ZADD', finished, ...old)
  worker(async () => ({}))
  await queue.enqueue([tickRequest(tickJob(0), 'skip')])
  await waitForState(queue, tickJob(0).runId, 'completed')
  expect(await real.redis.zcard(finished)).toBe(5_000)
  expect(await real.redis.zscore(finished, 'old-0')).toBeNull()
  await queue.trim()
  expect(await real.redis.zrange(finished, '0', '-1')).toEqual([tickJob(0).runId])
})

test('an error worth it is tried again with the same job, and the tick stays one', async () => {
  const { queue, runs, ticks } = open()
  const attempts: [number, unknown][] = []
  const { counted, settled } = worker(async (job, { attempt, updateJob }) => {
    attempts.push([attempt, job.detectPlan])
    if (attempt === 1) await updateJob({ ...job, detectPlan: { window: range, owners: [], payloads: [] } })
    if (attempt < 3) throw new AppError('STORE_UNAVAILABLE', 'store is away')
    return {}
  })
  const job = tickJob(0)
  await queue.enqueue([tickRequest(job, 'skip', { maxAttempts: 3, backoffMs: 10 })])
  await waitForState(queue, job.runId, 'completed')
  const plan = { window: range, owners: [], payloads: [] }
  expect(attempts).toEqual([
    [1, undefined],
    [2, plan],
    [3, plan],
  ])
  expect(await runs.get(job.runId)).toMatchObject({ state: 'succeeded', attempt: 3 })
  expect(await ticks.list(key, range)).toHaveLength(1)
  expect(settled.map(({ state, error }) => error?.code ?? state)).toEqual([
    'STORE_UNAVAILABLE',
    'STORE_UNAVAILABLE',
    'succeeded',
  ])
  expect(counted.filter((line) => line === 'detect run')).toHaveLength(1)
})

test.each([
  { name: 'an error that no attempt can cure', code: 'QUERY_REJECTED', maxAttempts: 5, attempts: 1 },
  { name: 'the last attempt', code: 'STORE_BUSY', maxAttempts: 2, attempts: 2 },
] as const)('$name fails the run', async ({ code, maxAttempts, attempts }) => {
  const { queue, runs } = open()
  const { counted } = worker(async () => {
    throw new AppError(code, 'no')
  })
  const job = tickJob(0)
  await queue.enqueue([tickRequest(job, 'skip', { maxAttempts, backoffMs: 10 })])
  await waitForState(queue, job.runId, 'failed')
  expect(await runs.get(job.runId)).toMatchObject({
    state: 'failed',
    attempt: attempts,
    error: { code, message: 'no' },
  })
  expect(counted.filter((line) => line === 'detect failed')).toHaveLength(1)
})

test('a run that takes too long is aborted and fails as RUN_TIMEOUT', async () => {
  const { queue, runs } = open()
  worker(
    (_, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
  )
  const job = tickJob(0, { timeoutMs: 50 })
  await queue.enqueue([tickRequest(job, 'skip', { maxAttempts: 1 })])
  await waitForState(queue, job.runId, 'failed')
  expect((await runs.get(job.runId))!.error).toEqual({
    code: 'RUN_TIMEOUT',
    message: `run ${job.runId} took longer than 0.05 s`,
  })
})

test('a run past its start deadline expires, and a late retry does not', async () => {
  const { queue, ticks, runs } = open()
  const ran: string[] = []
  const late = tickJob(0, { startDeadlineMs: 1_000, enqueuedMs: Date.now() - 2_000 })
  const other = tickJob(1, { startDeadlineMs: 60_000, enqueuedMs: Date.now(), scheduleId: 'mem.detect' })
  const { counted } = worker(async ({ runId }) => ({ ran: ran.push(runId) }))
  await queue.enqueue([tickRequest(late, 'skip'), tickRequest(other, 'skip')])
  await waitForState(queue, late.runId, 'completed')
  await waitForState(queue, other.runId, 'completed')
  expect(ran).toEqual([other.runId])
  expect(await ticks.list(key, range)).toMatchObject([{ outcome: 'expired', reason: 'start_deadline' }])
  expect(await runs.get(late.runId)).toBeUndefined()
  expect(counted).toContain('detect expired')
})

test('a worker that stops hands its runs back, and another goes on with the same attempt', async () => {
  const { queue, runs, ticks } = open()
  const begun = gate()
  const first = worker((_, { signal }) => {
    begun.open()
    return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  })
  const job = tickJob(0)
  await queue.enqueue([tickRequest(job, 'skip', { maxAttempts: 1 })])
  await begun.opened
  await first.worker.close(50)
  expect(await queue.state('detect', job.runId)).toBe('waiting')
  expect(await runs.get(job.runId)).toMatchObject({ state: 'retrying', error: { code: 'RUN_CANCELLED' } })
  worker(async (_, { attempt }) => ({ attempt }), { name: 'w2' })
  await waitForState(queue, job.runId, 'completed')
  expect(await ticks.list(key, range)).toHaveLength(1)
})

test('a worker that stops lets runs end within its grace', async () => {
  const { queue } = open()
  const [begun, hold] = [gate(), gate()]
  const first = worker(async () => {
    begun.open()
    await hold.opened
    return {}
  })
  await queue.enqueue([tickRequest(tickJob(0), 'skip')])
  await begun.opened
  const closed = first.worker.close(10_000)
  hold.open()
  await closed
  expect(await queue.state('detect', tickJob(0).runId)).toBe('completed')
})

test('kill -9 in the middle of a run: another worker takes it with what the first had kept', async () => {
  const { queue, runs, ticks } = open()
  const job = tickJob(0, { mission: 'hang' })
  await queue.enqueue([tickRequest(job, 'skip', { maxAttempts: 3 })])
  const first = startProcess('first')
  await first.line(({ kept }) => kept === job.runId)
  first.kill('SIGKILL')
  await first.exited
  const second = startProcess('second')
  const again = await second.line((line) => line.job?.runId === job.runId)
  expect(again.attempt).toBe(2)
  expect(again.job).toEqual({
    ...job,
    overlap: 'skip',
    detectPlan: { window: { fromMs: 1, untilMs: 2 }, owners: [], payloads: [] },
  })
  expect(await queue.enqueue([tickRequest(tickJob(1), 'skip')])).toMatchObject([{ outcome: 'held', heldBy: job.runId }])
  expect(await ticks.list(key, range)).toMatchObject([{ outcome: 'run', runId: job.runId }])
  expect(await runs.get(job.runId)).toMatchObject({ state: 'active', attempt: 2, worker: 'second' })
  second.kill('SIGTERM')
  expect(await second.exited).toBe('exit code 0')
  expect(await queue.state('detect', job.runId)).toBe('waiting')
})

test('a run at work in another process is cancelled, and the worker goes on', async () => {
  const { queue, runs, ticks, runService } = open()
  const job = tickJob(0, { mission: 'hang' })
  await queue.enqueue([tickRequest(job, 'skip', { maxAttempts: 3 })])
  const child = startProcess('first')
  await child.line(({ kept }) => kept === job.runId)
  const cancel = { tenant: 'default', runId: job.runId, actor: 'ops', reason: 'wrong model' }
  expect(await runService.cancel(cancel)).toMatchObject({ state: 'cancelled', worker: 'first', attempt: 1 })
  await waitForState(queue, job.runId, 'failed')
  const next = tickJob(1, { mission: 'quick' })
  await queue.enqueue([tickRequest(next, 'skip')])
  await waitForState(queue, next.runId, 'completed')
  expect(await ticks.list(key, range)).toMatchObject([{ outcome: 'run' }, { outcome: 'run' }])
  expect(await runs.get(job.runId)).toMatchObject({ state: 'cancelled', cancel: { actor: 'ops' } })
})

test('an event loop that is blocked for less than the lock keeps its run to itself', async () => {
  const { queue, ticks } = open()
  const job = tickJob(0, { mission: 'spin' })
  const children = ['first', 'second'].map((name) => startProcess(name, 10_000))
  await Promise.all(children.map((child) => child.line(({ ready }) => ready === true)))
  await queue.enqueue([tickRequest(job, 'skip')])
  await waitForState(queue, job.runId, 'completed')
  const starts = children.flatMap(({ lines }) => lines.filter((line) => line.job))
  expect(starts).toMatchObject([{ attempt: 1 }])
  expect(await ticks.list(key, range)).toMatchObject([{ outcome: 'run' }])
})

test('blocked for longer, it loses the run: the other’s end is the one that counts', async () => {
  const { queue, runs, ticks } = open()
  const job = tickJob(0, { mission: 'spin' })
  const children = ['first', 'second'].map((name) => startProcess(name))
  await Promise.all(children.map((child) => child.line(({ ready }) => ready === true)))
  await queue.enqueue([tickRequest(job, 'skip')])
  await waitForState(queue, job.runId, 'completed')
  for (const child of children) child.kill('SIGTERM')
  // the blocked one comes to itself and has nothing to say any more
  await Promise.all(children.map(({ exited }) => exited))
  const starts = children.flatMap(({ lines }) => lines.flatMap(({ job: begun, attempt }) => (begun ? [attempt] : [])))
  expect(starts.sort()).toEqual([1, 2])
  expect(await runs.get(job.runId)).toMatchObject({ state: 'succeeded', attempt: 2 })
  expect(await ticks.list(key, range)).toMatchObject([{ outcome: 'run' }])
  expect(await queue.enqueue([tickRequest(tickJob(1), 'skip')])).toMatchObject([{ outcome: 'new' }])
})

test('a run that kills every worker fails in the end and frees its schedule', async () => {
  const { queue, runs } = open()
  const job = tickJob(0, { mission: 'hang' })
  await queue.enqueue([tickRequest(job, 'skip')])
  const child = startProcess('first')
  await child.line(({ kept }) => kept === job.runId)
  // as if it had happened before
  await real.redis.hset(`{at}:q:detect:${job.runId}`, 'stc', 3)
  child.kill('SIGKILL')
  const { settled } = worker(async () => ({}))
  await waitForState(queue, job.runId, 'failed')
  await vi.waitFor(async () =>
    expect(await runs.get(job.runId)).toMatchObject({
      state: 'failed',
      attempt: 4,
      error: { code: 'WORKER_LOST' },
    }),
  )
  await vi.waitFor(() => expect(settled).toHaveLength(1))
  expect(await queue.enqueue([tickRequest(tickJob(1), 'skip')])).toMatchObject([{ outcome: 'new' }])
})

test('a worker is not deaf while it fetches or while all its places are taken', async () => {
  const { queue } = open()
  const [begun, hold] = [gate(), gate()]
  const { worker: one } = worker(
    async () => {
      begun.open()
      await hold.opened
      return {}
    },
    { concurrency: 1 },
  )
  await one.ready()
  expect(one.health()).toMatchObject({ active: 0, isDeaf: false })
  await queue.enqueue([tickRequest(tickJob(0))])
  await begun.opened
  expect(one.health()).toMatchObject({ active: 1, isDeaf: false })
  hold.open()
})
