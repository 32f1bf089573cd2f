import type { Queue } from 'bullmq'
import { redisCall } from '../store/redis-call.ts'
import { flowNames } from './runs.ts'

/** Every queue: of the runs of missions, by flow, and of forecasts on demand. */
export const poolNames = [...flowNames, 'forecast-once'] as const
export type PoolName = (typeof poolNames)[number]

export interface QueueSize {
  readonly waiting: number
  readonly delayed: number
  readonly active: number
  readonly completed: number
  readonly failed: number
  /** Age of the job that is next in line; 0 when none waits. */
  readonly nextWaitMs: number
}

interface Enqueued {
  /** By the clock that all processes share; older releases wrote jobs without. */
  readonly enqueuedMs?: number
}

export async function queueSize(queue: Queue<Enqueued>, nowMs: number): Promise<QueueSize> {
  const {
    wait = 0,
    prioritized = 0,
    ...counts
  } = await redisCall(
    'count jobs',
    queue.getJobCounts('wait', 'prioritized', 'delayed', 'active', 'completed', 'failed'),
  )
  const waiting = wait + prioritized
  const [next] = waiting > 0 ? await queue.getJobs(['wait', 'prioritized'], 0, 0, true) : []
  return {
    ...{ waiting, delayed: counts.delayed ?? 0, active: counts.active ?? 0 },
    ...{ completed: counts.completed ?? 0, failed: counts.failed ?? 0 },
    nextWaitMs: next ? Math.max(0, nowMs - (next.data.enqueuedMs ?? next.timestamp)) : 0,
  }
}
