import { afterEach } from 'vitest'
import type { WorkerMetrics } from '../../scheduler/queue/attempt.ts'
import { createRunQueue } from '../../scheduler/queue/queue.ts'
import type { ExecuteRun, RunJob, RunRecord } from '../../scheduler/queue/runs.ts'
import { createWorker, type RunWorker, type RunWorkerOptions } from '../../scheduler/queue/worker.ts'
import { createRunService } from '../../scheduler/runs/run-service.ts'
import { createCancelStore } from '../../scheduler/store/ticks/cancel-store.ts'
import { createRunLogStore } from '../../scheduler/store/ticks/run-log-store.ts'
import { createRunStore } from '../../scheduler/store/ticks/run-store.ts'
import { createScheduleStore } from '../../scheduler/store/ticks/schedule-store.ts'
import { createTickStore } from '../../scheduler/store/ticks/tick-store.ts'
import type { realRedis } from './real-redis.ts'

/** A queue and workers on a real Redis with waits short enough for tests; all are closed after each test. */
export function runWorkers(real: ReturnType<typeof realRedis>, clock = { now: () => Date.now() }) {
  const closing: (() => Promise<void>)[] = []
  afterEach(async () => {
    await Promise.all(closing.splice(0).map((close) => close()))
  })
  return {
    queue({ confirmMs = 10_000 } = {}) {
      const queue = createRunQueue({ redis: real.redis, clock })
      closing.push(() => queue.close())
      const { redis } = real
      const stores = {
        ...{ runs: createRunStore(redis), ticks: createTickStore(redis), logs: createRunLogStore(redis) },
        ...{ cancels: createCancelStore(redis), schedules: createScheduleStore(redis) },
      }
      const counted: string[] = []
      const metrics = {
        tick: (flow: string, outcome: string) => void counted.push(`${flow} ${outcome}`),
        run: (flow: string, result: string) => void counted.push(`${flow} ${result}`),
      }
      const runService = createRunService({ ...stores, queue, clock, metrics, confirmMs })
      return { queue, runs: stores.runs, ticks: stores.ticks, runService, counted }
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
        ...{ name: 'w1', lockDurationMs: 1_000, stalledIntervalMs: 500, waitMs: 50, cancelPollMs: 20 },
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
