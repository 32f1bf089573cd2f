import { afterEach } from 'vitest'
import type { WorkerMetrics } from '../../scheduler/queue/attempt.ts'
import { createRunQueue } from '../../scheduler/queue/queue.ts'
import type { ExecuteRun, RunJob, RunRecord } from '../../scheduler/queue/runs.ts'
import { createWorker, type RunWorker, type RunWorkerOptions } from '../../scheduler/queue/worker.ts'
import { createRunStore } from '../../scheduler/store/ticks/run-store.ts'
import { createTickStore } from '../../scheduler/store/ticks/tick-store.ts'
import type { realRedis } from './real-redis.ts'

/** A queue and workers on a real Redis with waits short enough for tests; all are closed after each test. */
export function runWorkers(real: ReturnType<typeof realRedis>, clock = { now: () => Date.now() }) {
  const closing: (() => Promise<void>)[] = []
  afterEach(async () => {
    await Promise.all(closing.splice(0).map((close) => close()))
  })
  return {
    queue() {
      const queue = createRunQueue({ redis: real.redis, clock })
      closing.push(() => queue.close())
      return { queue, runs: createRunStore(real.redis), ticks: createTickStore(real.redis) }
    },
    worker(execute: ExecuteRun, options: Partial<RunWorkerOptions> = {}) {
      const counted: string[] = []
      const settled: RunRecord[] = []
      const errors: Error[] = []
      const metrics: WorkerMetrics = {
        tick: (flow, outcome) => counted.push(`${flow} ${outcome}`),
        attempt: (flow, _seconds, error) => counted.push(`${flow} attempt ${error ?? 'ok'}`),
        run: (flow, result) => counted.push(`${flow} ${result}`),
      }
      const worker: RunWorker = createWorker({
        ...{ flow: 'detect', redis: real.redis, connection: real.connect(), execute, clock, concurrency: 4, metrics },
        ...{ name: 'w1', lockDurationMs: 1_000, stalledIntervalMs: 500, waitMs: 50 },
        onError: (error) => errors.push(error),
        onSettled: (record: RunRecord, _job: RunJob) => void settled.push(record),
        ...options,
      })
      closing.push(() => worker.close(0))
      return { worker, counted, settled, errors }
    },
  }
}

/** Lets a test hold runs and let them go. */
export function gate() {
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open: () => open(), opened }
}
