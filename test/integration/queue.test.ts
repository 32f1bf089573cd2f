import { expect, test, vi } from 'vitest'
import type { RunJob } from '../../scheduler/queue/runs.ts'
import { createOverlapStore } from '../../scheduler/store/ticks/overlap-store.ts'
import { keys } from '../../scheduler/store/ticks/schedule-keys.ts'
import { tickJob, tickRequest } from '../fakes/run-jobs.ts'
import { realRedis } from './real-redis.ts'
import { gate, runWorkers } from './run-workers.ts'

const real = realRedis()
const { queue: open, worker } = runWorkers(real)
const slow = { nowMs: 0, now: () => slow.nowMs }
const { queue: openSlow } = runWorkers(real, slow)
const key = { tenant: 'default', id: 'cpu.detect' }
const range = { fromMs: tickJob(0).nominalMs - 1, untilMs: tickJob(1_000).nominalMs }

test('a run is new once and the same ever after', async () => {
  const { queue } = open()
  const job = tickJob(0)
  expect(await queue.enqueue([tickRequest(job)])).toEqual([{ runId: job.runId, outcome: 'new' }])
  expect(await queue.enqueue([tickRequest(job)])).toEqual([{ runId: job.runId, outcome: 'same' }])
  expect(await queue.state('detect', job.runId)).toBe('waiting')
  expect(await queue.state('forecast', job.runId)).toBeUndefined()
})

test('skip refuses a run while another is waiting or at work, and takes the next after its end', async () => {
  const { queue } = open()
  const [first, second, third, fourth] = [0, 1, 2, 3].map((minute) => tickJob(minute)) as [
    RunJob,
    RunJob,
    RunJob,
    RunJob,
  ]
  const [hold, begun] = [gate(), gate()]
  const heldByFirst = { outcome: 'held', heldBy: first.runId }
  await queue.enqueue([tickRequest(first, 'skip')])
  expect(await queue.enqueue([tickRequest(second, 'skip')])).toEqual([{ runId: second.runId, ...heldByFirst }])
  worker(async () => {
    begun.open()
    await hold.opened
    return {}
  })
  await begun.opened
  expect(await queue.enqueue([tickRequest(third, 'skip')])).toEqual([{ runId: third.runId, ...heldByFirst }])
  hold.open()
  await vi.waitFor(async () => expect(await queue.state('detect', first.runId)).toBe('completed'))
  expect(await queue.enqueue([tickRequest(fourth, 'skip')])).toEqual([{ runId: fourth.runId, outcome: 'new' }])
})

test('skip is not blocked by a holder whose job is gone', async () => {
  const { queue } = open()
  await queue.enqueue([tickRequest(tickJob(0), 'skip')])
  await real.redis.del(`{at}:q:detect:${tickJob(0).runId}`)
  expect(await queue.enqueue([tickRequest(tickJob(1), 'skip')])).toMatchObject([{ outcome: 'new' }])
})

test('latest replaces the waiting run, which ends coalesced, and waits for the one at work', async () => {
  const { queue, ticks } = open()
  const ran: number[] = []
  const [hold, begun] = [gate(), gate()]
  worker(async (job) => {
    ran.push(job.nominalMs)
    begun.open()
    await hold.opened
    return {}
  })
  await queue.enqueue([tickRequest(tickJob(0), 'latest')])
  await begun.opened
  expect(await queue.enqueue([tickRequest(tickJob(1), 'latest')])).toEqual([
    { runId: tickJob(1).runId, outcome: 'new' },
  ])
  await vi.waitFor(async () => expect(await ticks.list(key, range)).toMatchObject([{}, { outcome: 'buffered' }]))
  expect(await queue.enqueue([tickRequest(tickJob(2), 'latest')])).toEqual([
    { runId: tickJob(2).runId, outcome: 'new', replaced: tickJob(1).runId },
  ])
  // an older T comes too late
  expect(await queue.enqueue([tickRequest(tickJob(1.5, { runId: 'r.other' }), 'latest')])).toMatchObject([
    { outcome: 'held' },
  ])
  expect(ran).toEqual([tickJob(0).nominalMs])
  hold.open()
  await vi.waitFor(async () => expect(await queue.state('detect', tickJob(2).runId)).toBe('completed'))
  expect(ran).toEqual([tickJob(0).nominalMs, tickJob(2).nominalMs])
  expect(await ticks.list(key, range)).toMatchObject([
    { outcome: 'run', runId: tickJob(0).runId },
    { outcome: 'coalesced', byNominalMs: tickJob(2).nominalMs },
    { outcome: 'run', runId: tickJob(2).runId },
  ])
})

test('latest with no worker at all leaves only the newest waiting', async () => {
  const { queue, ticks } = open()
  for (const minute of [0, 1, 2, 3]) await queue.enqueue([tickRequest(tickJob(minute), 'latest')])
  expect((await queue.size('detect')).waiting).toBe(1)
  expect((await ticks.list(key, range)).map(({ outcome }) => outcome)).toEqual(['coalesced', 'coalesced', 'coalesced'])
})

test('allow lets runs of one schedule go side by side', async () => {
  const { queue } = open()
  const [hold, both] = [gate(), gate()]
  let atWork = 0
  worker(async () => {
    if (++atWork === 2) both.open()
    await hold.opened
    return {}
  })
  await queue.enqueue([tickRequest(tickJob(0)), tickRequest(tickJob(1))])
  await both.opened
  hold.open()
})

test('priority goes before age, and a start in the future waits', async () => {
  const { queue } = open()
  const ran: string[] = []
  const requests = [
    tickRequest(tickJob(0), undefined, { priority: 1_000 }),
    tickRequest(tickJob(1), undefined, { priority: 5 }),
    tickRequest(tickJob(2), undefined, { priority: 0 }),
    tickRequest(tickJob(3), undefined, { priority: 0, startAtMs: Date.now() + 3_600_000 }),
  ]
  await queue.enqueue(requests)
  expect(await queue.size('detect')).toMatchObject({ waiting: 3, delayed: 1, active: 0, completed: 0, failed: 0 })
  worker(async ({ runId }) => ({ ran: ran.push(runId) }), { concurrency: 1 })
  await vi.waitFor(() => expect(ran).toEqual([tickJob(2).runId, tickJob(1).runId, tickJob(0).runId]))
  expect(await queue.state('detect', tickJob(3).runId)).toBe('delayed')
})

test('a job evicted after its run is not run again', async () => {
  const { queue, ticks } = open()
  let runs = 0
  worker(async () => ({ runs: ++runs }))
  const job = tickJob(0)
  await queue.enqueue([tickRequest(job, 'skip')])
  await vi.waitFor(async () => expect(await queue.state('detect', job.runId)).toBe('completed'))
  await real.redis.del(`{at}:q:detect:${job.runId}`)
  await real.redis.zrem('{at}:q:detect:completed', job.runId)
  expect(await queue.enqueue([tickRequest(job, 'skip')])).toMatchObject([{ outcome: 'same' }])
  // where runs may lie beside each other, its tick is found when it would begin
  expect(await queue.enqueue([tickRequest(job)])).toMatchObject([{ outcome: 'new' }])
  await vi.waitFor(async () => expect(await queue.state('detect', job.runId)).toBe('completed'))
  expect(runs).toBe(1)
  expect(await ticks.list(key, range)).toHaveLength(1)
})

test('a run hears at its start how many failed before it, unless another may end beside it', async () => {
  const overlaps = createOverlapStore(real.redis)
  await real.redis.hset(keys.schedule(key), 'failures', 2)
  const begin = (minute: number, changes: Partial<RunJob>) =>
    overlaps.begin(tickJob(minute, changes), tickJob(minute).nominalMs, false)
  expect(await begin(0, { overlap: 'skip' })).toEqual({ verdict: 'go', outcome: 'run', isNew: true, failures: 2 })
  expect(await begin(1, {})).toEqual({ verdict: 'go', outcome: 'run', isNew: true })
})

test('how long the next run has waited goes by the clock that all processes share', async () => {
  const { queue } = openSlow()
  const job = tickJob(0)
  await queue.enqueue([tickRequest(job)])
  slow.nowMs = job.enqueuedMs + 5_000
  expect(await queue.size('detect')).toMatchObject({ waiting: 1, nextWaitMs: 5_000 })
})
