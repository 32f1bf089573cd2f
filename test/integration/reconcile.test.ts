import { expect, test, vi } from 'vitest'
import { AppError } from '../../models/errors.ts'
import { reconcile } from '../../scheduler/planning/reconcile-runs.ts'
import type { RunRecord } from '../../scheduler/queue/runs.ts'
import { createRunStore } from '../../scheduler/store/ticks/run-store.ts'
import { at, key, plannerStage } from './planner-stage.ts'
import { realRedis } from './real-redis.ts'
import { gate } from './run-workers.ts'

const real = realRedis()
const { ended, quickWorker, scene, startWorker } = plannerStage(real)

test('the reconciler ends a T whose job vanished and gives a schedule its due entry back', async () => {
  const { plan, planner, story, counted, schedules } = await scene()
  await plan(1)
  await real.redis.del(`{at}:q:detect:r.default.cpu.detect.${at(1)}`)
  expect(await planner.reconcile(at(1) + 1_000)).toMatchObject({ missedTicks: 0 })
  await real.redis.zrem('{at}:due', 'default/cpu.detect')
  expect(await planner.reconcile(at(2))).toEqual({ missedTicks: 1, lostRuns: 0, repaired: [key] })
  expect(await planner.reconcile(at(3))).toEqual({ missedTicks: 0, lostRuns: 0, repaired: [] })
  expect(await story()).toEqual(['1 missed run_lost'])
  expect(counted).toEqual(['detect missed'])
  expect((await schedules.get(key))!.dueMs).toBe(at(2))
})

test('the reconciler leaves ticks that wait for a worker alone', async () => {
  const { plan, planner, story } = await scene()
  await plan(1)
  expect(await planner.reconcile(at(60))).toEqual({ missedTicks: 0, lostRuns: 0, repaired: [] })
  expect(await story()).toEqual([])
})

test('the reconciler marks runs lost whose job is gone', async () => {
  const { planner, counted } = await scene()
  const runs = createRunStore(real.redis)
  const run = {
    runId: `r.default.cpu.detect.${at(1)}`,
    kind: 'tick',
    flow: 'detect',
    tenant: 'default',
    mission: 'cpu',
  } as const
  await runs.put({ ...run, nominalMs: at(1), state: 'active', attempt: 1, worker: 'gone', startedMs: at(1) })
  expect((await planner.reconcile(at(2))).lostRuns).toBe(1)
  expect(await runs.get(run.runId)).toMatchObject({ state: 'lost', endedMs: at(2), error: { code: 'WORKER_LOST' } })
  expect(counted).toEqual(['detect lost'])
})

const runOf = (minute: number): RunRecord => ({
  ...{ runId: `r.default.cpu.detect.${at(minute)}`, kind: 'tick', flow: 'detect', tenant: 'default', mission: 'cpu' },
  ...{ nominalMs: at(minute), state: 'active', attempt: 1, worker: 'w1', startedMs: at(minute) },
})

test('a run that ends while the reconciler looks for its job is not lost', async () => {
  const { options, runs, queue, counted } = await scene()
  const done: RunRecord = { ...runOf(1), state: 'succeeded', endedMs: at(1.5) }
  await runs.put(runOf(1))
  const find = async (runId: string) => {
    await runs.put(done)
    return queue.find(runId)
  }
  expect(await reconcile({ ...options, queue: { ...queue, find } }, at(2))).toMatchObject({ lostRuns: 0 })
  expect(await runs.get(done.runId)).toEqual(done)
  expect(counted).toEqual([])
})

test('a run whose end could not be written ends as its job did', async () => {
  const { plan, planner, runs, queue, counted } = await scene()
  const { ran } = quickWorker(async () => ({ scored: 3 }))
  await plan(1)
  await ended(ran, [1])
  await runs.put(runOf(1))
  expect(await planner.reconcile(at(2))).toMatchObject({ lostRuns: 0 })
  expect(await runs.get(runOf(1).runId)).toMatchObject({ state: 'succeeded', summary: { scored: 3 } })
  expect(await runs.unfinished(at(9))).toEqual([])
  expect((await queue.find(runOf(1).runId))?.state).toBe('completed')
  expect(counted).toEqual([])
})

test('a run that somebody tries again is not lost while its failed job is taken away', async () => {
  const { plan, planner, runs, queue } = await scene()
  startWorker(() => Promise.reject(new AppError('QUERY_REJECTED', 'no query')))
  await plan(1)
  await vi.waitFor(async () => expect((await queue.find(runOf(1).runId))?.state).toBe('failed'), { timeout: 10_000 })
  await runs.put({ ...runOf(1), state: 'retrying', enqueuedMs: at(60) })
  expect(await planner.reconcile(at(60.1))).toMatchObject({ lostRuns: 0 })
  // nobody went on with it
  expect(await planner.reconcile(at(61))).toMatchObject({ lostRuns: 1 })
  expect(await runs.get(runOf(1).runId)).toMatchObject({
    ...{ state: 'lost', error: { message: `run ${runOf(1).runId}: it failed, and no worker said why` } },
  })
})

test('a schedule that lost its ticks’ day starts a new one', async () => {
  const { plan, story } = await scene()
  const { ran } = quickWorker()
  await plan(1)
  await ended(ran, [1])
  await real.redis.del(...(await real.redis.keys('{at}:tick:*')))
  await plan(2)
  await ended(ran, [1, 2])
  expect(await story()).toEqual(['2 run on_time'])
})

test('the reconciler ends a run whose worker hung beyond its time and that nobody else took', async () => {
  const { plan, planner, queue, runs, story, counted } = await scene()
  const begun = gate()
  // no worker looks for jobs of others
  const { worker } = startWorker(
    async () => {
      begun.open()
      return new Promise(() => undefined)
    },
    { lockDurationMs: 60_000, stalledIntervalMs: 600_000 },
  )
  await plan(1)
  await begun.opened
  const runId = `r.default.cpu.detect.${at(1)}`
  const inAnHourMs = Date.now() + 3_600_000
  expect(await planner.reconcile(inAnHourMs)).toMatchObject({ lostRuns: 0 })
  await real.redis.del(`{at}:q:detect:${runId}:lock`)
  expect(await planner.reconcile(Date.now())).toMatchObject({ lostRuns: 0 })
  expect(await planner.reconcile(inAnHourMs)).toMatchObject({ lostRuns: 1, missedTicks: 0 })
  expect(await planner.reconcile(inAnHourMs)).toMatchObject({ lostRuns: 0 })
  expect(await queue.find(runId)).toBeUndefined()
  expect(await runs.get(runId)).toMatchObject({ state: 'lost', attempt: 1, error: { code: 'WORKER_LOST' } })
  expect(await story()).toEqual(['1 run on_time'])
  expect(counted).toEqual(['detect lost'])
  await worker.close(0)
})
