import { expect, test } from 'vitest'
import { executeForecast } from '../../../scheduler/execution/execute-forecast.ts'
import { hasLiveShards, partName } from '../../../scheduler/execution/split-forecast.ts'
import { type RunJob, type RunRecord, waitsForShards } from '../../../scheduler/queue/runs.ts'
import { at, executionWorld, name } from '../../fakes/execution-world.ts'

const T = at('12:00:00')
const zones = ['a', 'b', 'c']

/** Nine series in three zones; more than three are split. */
function world(fields: Partial<RunJob> = {}) {
  const here = executionWorld()
  here.marks.known = { scoredUntilMs: at('12:28:00') }
  for (let i = 0; i < 9; i++) here.store.generate({ __name__: 'cpu', zone: zones[i % 3] ?? '', pod: `p${i}` }, () => 10)
  const records = new Map<string, Partial<RunRecord>>()
  const shards = { above: 3, runs: { get: async (id: string) => records.get(id) as RunRecord | undefined } }
  const deps = { ...here.deps, shards }
  const owner = here.attempt({ kind: 'tick', flow: 'forecast', nominalMs: T, runId: 'r.1', ...fields })
  const run = () => executeForecast(deps, here.mission, owner)
  const { enqueued, states } = here.queue
  return {
    ...{ ...here, run, owner, records },
    ids: () => enqueued.map(({ job }) => job.runId),
    /** Runs what was enqueued, but for some. */
    async runShards(failed: readonly number[] = []) {
      for (const { job } of enqueued.splice(0)) {
        const number = job.shard?.number ?? -1
        const ends = failed.includes(number) ? 'failed' : 'completed'
        states.set(job.runId, ends)
        const error = { code: 'STORE_UNAVAILABLE', message: 'the store hung up' }
        const record = { runId: job.runId, attempt: 1, worker: `w${number}`, startedMs: 1, endedMs: 2 }
        if (ends === 'failed') records.set(job.runId, { ...record, state: 'failed', error })
        else {
          const result = await executeForecast(deps, here.mission, here.attempt(job))
          if (result === waitsForShards) throw new Error('a shard was split')
          records.set(job.runId, { ...record, state: 'succeeded', ...(result && { summary: { ...result } }) })
        }
      }
    },
  }
}

test('a large panel is split once: the plan is in the job, and each shard is enqueued', async () => {
  const { run, owner, ids, queue } = world()
  expect(await run()).toBe(waitsForShards)
  expect(owner.job.shards?.map(({ series }) => series)).toEqual([3, 3, 3])
  expect(ids()).toEqual(['r.1.s0', 'r.1.s1', 'r.1.s2'])
  expect(queue.enqueued[0]).toMatchObject({ priority: 5, job: { kind: 'shard', nominalMs: T, shard: { of: 'r.1' } } })
})

test('so is one that was small at its last forecast', async () => {
  const { run, keep } = world()
  await keep(T - 3_600_000)
  expect(await run()).toBe(waitsForShards)
})

test('it waits while a shard is alive, and brings back one that its queue lost', async () => {
  const { run, ids, queue, owner } = world()
  await run()
  queue.enqueued.splice(0)
  for (const id of ['r.1.s0', 'r.1.s2']) queue.states.set(id, 'active')
  expect(await run()).toBe(waitsForShards)
  expect(ids()).toEqual(['r.1.s1'])
  const live = hasLiveShards(queue)
  expect(await live(owner.job)).toBe(true)
  queue.states.clear()
  expect(await live(owner.job)).toBe(false)
})

test('shards that have ended become one forecast', async () => {
  const { run, runShards, cache, store } = world()
  await run()
  await runShards()
  expect(await run()).toMatchObject({
    ...{ read: 9, forecast: 9, payload: { seriesCount: 9 } },
    shards: [0, 1, 2].map((n) => ({ runId: `r.1.s${n}`, state: 'succeeded', worker: `w${n}`, read: 3, forecast: 3 })),
  })
  expect(await cache.list(name)).toMatchObject([{ nominalMs: T, kind: 'run', seriesCount: 9 }])
  expect(new Set(store.samples('anomaly_pred').map(({ labels }) => labels.pod)).size).toBe(9)
  const parts = [0, 1, 2].map((number) => cache.list(partName(name, { of: 'r.1', number })))
  expect(await Promise.all(parts)).toEqual([[], [], []])
  // a retry after the last byte finds what it kept
  expect(await run()).toMatchObject({ read: 0, shards: [{}, {}, {}] })
})

test('where a shard failed, the others are used and it is named', async () => {
  const { run, runShards } = world()
  await run()
  await runShards([1])
  expect(await run()).toMatchObject({
    forecast: 6,
    shards: [{ state: 'succeeded' }, { state: 'failed', series: 3, error: { code: 'STORE_UNAVAILABLE' } }, {}],
  })
})

test('where every shard failed, so does the run', async () => {
  const { run, runShards } = world()
  await run()
  await runShards([0, 1, 2])
  await expect(run()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
})

test('a retry that somebody asked for tries the shards again that had failed', async () => {
  const { run, runShards, owner, ids } = world()
  await run()
  await runShards([0])
  await owner.updateJob({ ...owner.job, retriedAfter: 1 })
  expect(await run()).toBe(waitsForShards)
  expect(ids()).toEqual(['r.1.s0r1'])
  await runShards()
  expect(await run()).toMatchObject({ forecast: 9 })
})

test.each([
  ['gap', { id: 'b' }, 1_000],
  ['backfill that was asked for', { id: 'b', of: 'b' }, 2_000],
])('shards of a %s stay behind live work', async (_, backfill, priority) => {
  const { run, queue } = world({ kind: 'backfill', nominalMs: at('11:00:00'), backfill })
  await run()
  expect(new Set(queue.enqueued.map((request) => request.priority))).toEqual(new Set([priority]))
})

test('a shard of an older band does nothing, and its run neither', async () => {
  const { run, runShards, owner, cache } = world()
  await run()
  await owner.updateJob({ ...owner.job, bandKey: 'older' })
  await runShards()
  expect(await run()).toMatchObject({ forecast: 0 })
  expect(await cache.list(name)).toEqual([])
})
