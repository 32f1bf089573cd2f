import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { executeRuns } from '../../scheduler/execution/execute-run.ts'
import { hasLiveShards } from '../../scheduler/execution/split-forecast.ts'
import { createRunLimits } from '../../scheduler/queue/run-limits.ts'
import { runIds } from '../../scheduler/queue/runs.ts'
import { createLimitStore } from '../../scheduler/store/limit-store.ts'
import { at, executionWorld } from '../fakes/execution-world.ts'
import { realRedis } from './real-redis.ts'
import { runWorkers } from './run-workers.ts'

const real = realRedis()
const { queue: openQueue, worker: startWorker } = runWorkers(real)

const T = at('12:00:00')
const runId = runIds.tick('default', 'cpu.forecast', T)

/** Nine series in three zones, more than three are split; one forecast may be at work, on workers with one place each. */
function forecastUnderLimit(workers: readonly string[], shardMs = 0) {
  const here = executionWorld()
  const { queue, runs } = openQueue()
  const store = createLimitStore(real.redis, 60_000)
  for (let i = 0; i < 9; i++) here.store.generate({ __name__: 'cpu', zone: `z${i % 3}`, pod: `p${i}` }, () => 10)
  const executeMission = executeRuns({ ...here.deps, queue, shards: { above: 3, runs } })
  /** Each start of a run, and who held the one place then. */
  const starts: string[][] = []
  for (const name of workers) {
    const limits = createRunLimits({
      ...{ store, worker: name, renewMs: 20_000, onError: (error) => expect(error).toBeUndefined() },
      limitsOf: async () => [{ name: 'flow:forecast', most: 1 }],
    })
    startWorker(
      async (job, control) => {
        starts.push([job.runId, ...(await store.places('flow:forecast')).map(({ token }) => token)])
        if (job.kind === 'shard') await sleep(shardMs)
        return executeMission(job, control)
      },
      { flow: 'forecast', name, concurrency: 1, limits, hasLiveShards: hasLiveShards(queue) },
    )
  }
  const { job } = here.attempt({ kind: 'tick', flow: 'forecast', nominalMs: T, runId, scheduleId: 'cpu.forecast' })
  return {
    ...{ starts, store, runs },
    enqueue: (startDeadlineMs?: number) =>
      queue.enqueue([
        { job: { ...job, enqueuedMs: Date.now(), ...(startDeadlineMs && { startDeadlineMs }) }, priority: 10 },
      ]),
    ended: () =>
      vi.waitFor(async () => expect(await runs.get(runId)).toMatchObject({ state: 'succeeded' }), { timeout: 20_000 }),
  }
}

const shardIds = [0, 1, 2].map((number) => runIds.shard(runId, number))

test.each([[['w1']], [['w1', 'w2']]])('a run and its shards take turns in one place: %s', async (workers) => {
  const { starts, store, runs, enqueue, ended } = forecastUnderLimit(workers)
  await enqueue()
  await ended()
  expect(await runs.get(runId)).toMatchObject({ summary: { read: 9, forecast: 9 }, attempt: 1 })
  expect(new Set(starts.map(([id]) => id))).toEqual(new Set([runId, ...shardIds]))
  for (const [id, ...holders] of starts) expect(holders).toEqual([id])
  await expect.poll(() => store.places('flow:forecast')).toEqual([])
})

test('one whose shards took longer than its start deadline goes on, in a place as before', async () => {
  const { starts, enqueue, ended } = forecastUnderLimit(['w1'], 300)
  await enqueue(500)
  await ended()
  expect(starts.at(-1)).toEqual([runId, runId])
})
