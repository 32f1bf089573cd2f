import type { Queue } from 'bullmq'
import type { RedisClient } from '../../tasks/cache/redis.ts'
import { redisCall } from '../store/redis-call.ts'
import { keys } from '../store/ticks/schedule-keys.ts'
import { type FlowName, flowNames, type RunJob, type RunState } from './runs.ts'

/** A job as it lies in its queue, at work or ended included. */
export interface FoundJob {
  readonly job: RunJob
  readonly state: RunState
  /** Of the last start. */
  readonly startedMs?: number
  readonly endedMs?: number
  /** What the run answered, once it is completed. */
  readonly summary?: Readonly<Record<string, unknown>>
  readonly attempts: number
  readonly maxAttempts: number
}

export const states: Readonly<Partial<Record<string, RunState>>> = {
  waiting: 'waiting',
  prioritized: 'waiting',
  delayed: 'delayed',
  active: 'active',
  completed: 'completed',
  failed: 'failed',
}

/** undefined when no queue knows the run (any more). */
export async function findJob(queues: Readonly<Record<FlowName, Queue<RunJob>>>, runId: string) {
  const found = await Promise.all(flowNames.map((flow) => jobIn(queues[flow], runId)))
  return found.find((job) => job !== undefined)
}

async function jobIn(queue: Queue<RunJob>, runId: string): Promise<FoundJob | undefined> {
  const job = await redisCall('look up a run', queue.getJob(runId))
  const state = job && states[await redisCall('look up a run', job.getState())]
  if (!job || !state) return undefined
  const { data, processedOn, finishedOn, returnvalue, attemptsMade, stalledCounter, opts } = job
  return {
    ...{ job: data, state, attempts: (data.retriedAfter ?? 0) + attemptsMade + stalledCounter },
    maxAttempts: opts.attempts ?? 1,
    ...(processedOn !== undefined && { startedMs: processedOn }),
    ...(finishedOn !== undefined && { endedMs: finishedOn }),
    ...(state === 'completed' && returnvalue && { summary: returnvalue }),
  }
}

/** Jobs at work that are overdue and whose lock nobody renews. */
export async function unlockedJobs(
  { queues, redis }: { readonly queues: Readonly<Record<FlowName, Queue<RunJob>>>; readonly redis: RedisClient },
  isOverdue: (job: RunJob, startedMs: number) => boolean,
): Promise<FoundJob[]> {
  const stuck: FoundJob[] = []
  for (const flow of flowNames) {
    for (const job of await redisCall('list runs at work', queues[flow].getActive())) {
      const { data, processedOn = 0, id = '' } = job
      if (!isOverdue(data, processedOn)) continue
      if (await redisCall('look for a lock', redis.exists(`${keys.job(flow, id)}:lock`))) continue
      const found = await jobIn(queues[flow], id)
      if (found?.state === 'active') stuck.push(found)
    }
  }
  return stuck
}
