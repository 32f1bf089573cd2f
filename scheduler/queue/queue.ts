import { Queue } from 'bullmq'
import type { RedisClient } from '../../tasks/cache/redis.ts'
import type { Clock } from '../process/clock.ts'
import { redisCall } from '../store/redis-call.ts'
import { createOverlapStore } from '../store/ticks/overlap-store.ts'
import { queuePrefix } from '../store/ticks/schedule-keys.ts'
import { type FoundJob, findJob, states, unlockedJobs } from './find-jobs.ts'
import { promoteOverdue } from './promote-overdue.ts'
import { type QueueSize, queueSize } from './queue-size.ts'
import {
  type EnqueueAnswer,
  type EnqueueRequest,
  type FlowName,
  flowNames,
  type RunJob,
  type RunQueue,
} from './runs.ts'

export interface ClosableRunQueue extends RunQueue {
  size(flow: FlowName): Promise<QueueSize>
  /** undefined when no queue knows the run (any more). */
  find(runId: string): Promise<FoundJob | undefined>
  /** At work, though nobody renews their locks. `isOverdue`: which of those at work to look at. */
  unlocked(isOverdue: (job: RunJob, startedMs: number) => boolean): Promise<FoundJob[]>
  /** False for one that a worker holds. */
  remove(flow: FlowName, runId: string): Promise<boolean>
  /** Runs that have waited for their instant go on, also where no worker's clock says that it has come. */
  promoteOverdue(nowMs: number): Promise<void>
  /** Drops finished jobs past their age. */
  trim(): Promise<void>
  close(): Promise<void>
}

export interface RunQueueOptions {
  readonly redis: RedisClient
  readonly clock: Clock
  /** Of the connection; every one is also thrown to whom it concerns. */
  readonly onError?: (error: Error) => void
}

const defaultAttempts = 3
const defaultBackoffMs = 1_000
/** Finished jobs: so many that each worker keeps, and for so many seconds. */
export const completed = { ageS: 3_600, count: 5_000 }
export const failed = { ageS: 86_400, count: 5_000 }
const maxJobBytes = 2 ** 20

/** The worker's backoff (worker.ts) honours what a store asked for by Retry-After; BullMQ's own kinds do not. */
const backoffType = 'storeAware'

export function createRunQueue({ redis, clock, onError = () => undefined }: RunQueueOptions): ClosableRunQueue {
  const overlaps = createOverlapStore(redis)
  const open = (name: FlowName) => {
    const queue = new Queue<RunJob>(name, {
      connection: redis,
      prefix: queuePrefix,
      defaultJobOptions: { sizeLimit: maxJobBytes },
      streams: { events: { maxLen: 1_000 } },
    })
    queue.on('error', onError)
    return queue
  }
  const queues: Record<FlowName, Queue<RunJob>> = { forecast: open('forecast'), detect: open('detect') }

  const addAll = (requests: readonly EnqueueRequest[]) =>
    Promise.all(
      flowNames.map((flow) => {
        const jobs = requests.filter(({ job }) => job.flow === flow).map((request) => bullJob(request, clock.now()))
        return jobs.length > 0 ? redisCall('enqueue runs', queues[flow].addBulk(jobs)) : []
      }),
    )

  return {
    async enqueue(requests) {
      const answers = await Promise.all(
        requests.map(async ({ job, overlap }): Promise<EnqueueAnswer> => {
          return { runId: job.runId, ...(await overlaps.reserve(job, overlap)) }
        }),
      )
      await addAll(requests.filter((_, i) => answers[i]!.outcome === 'new'))
      // one that a worker fetched meanwhile cannot be removed: it finds its tick coalesced and drops it
      await Promise.all(answers.map(({ replaced }, i) => replaced && queues[requests[i]!.job.flow].remove(replaced)))
      return answers
    },

    async state(flow, runId) {
      return states[await redisCall('look up a run', queues[flow].getJobState(runId))]
    },

    size: (flow) => queueSize(queues[flow], clock.now()),
    find: (runId) => findJob(queues, runId),
    unlocked: (isOverdue) => unlockedJobs({ queues, redis }, isOverdue),
    remove: async (flow, runId) => (await redisCall('remove a run', queues[flow].remove(runId))) === 1,

    async promoteOverdue(nowMs) {
      await Promise.all(Object.values(queues).map((queue) => promoteOverdue({ queue, redis }, nowMs)))
    },

    async trim() {
      for (const queue of Object.values(queues)) {
        await queue.clean(completed.ageS * 1_000, completed.count, 'completed')
        await queue.clean(failed.ageS * 1_000, failed.count, 'failed')
      }
    },

    async close() {
      await Promise.all(Object.values(queues).map((queue) => queue.close()))
    },
  }
}

function bullJob({ job, startAtMs = 0, priority, overlap, maxAttempts, backoffMs }: EnqueueRequest, nowMs: number) {
  return {
    name: job.kind,
    data: overlap ? { ...job, overlap } : job,
    opts: {
      jobId: job.runId,
      timestamp: nowMs,
      priority,
      delay: Math.max(0, startAtMs - nowMs),
      attempts: maxAttempts ?? defaultAttempts,
      backoff: { type: backoffType, delay: backoffMs ?? defaultBackoffMs },
    },
  }
}
