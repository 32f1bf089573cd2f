import { Queue } from 'bullmq'
import type { RedisClient } from '../../tasks/cache/redis.ts'
import type { Clock } from '../process/clock.ts'
import { type QueueSize, queueSize } from '../queue/queue-size.ts'
import { redisCall } from '../store/redis-call.ts'
import { queuePrefix } from '../store/ticks/schedule-keys.ts'
import type { ForecastJob } from './types.ts'

/** A queue of its own: forecast workers serve it beside their runs, so neither waits for the other. */
export const forecastQueueName = 'forecasts'

// somebody waits for a request, nobody for a job
const priorities = { request: 1, job: 10 } as const
const ended = { age: 3_600, count: 1_000 }
const attempts = { request: 1, job: 3 } as const

export interface ForecastQueueOptions {
  readonly redis: RedisClient
  readonly clock: Clock
  readonly onError: (error: Error) => void
}

export interface ForecastQueue {
  add(job: ForecastJob): Promise<void>
  /** Nothing happens to one that a worker has begun. */
  remove(id: string): Promise<void>
  size(): Promise<QueueSize>
  close(): Promise<void>
}

export function createForecastQueue({ redis, clock, onError }: ForecastQueueOptions): ForecastQueue {
  const queue = new Queue<ForecastJob>(forecastQueueName, {
    connection: redis,
    prefix: queuePrefix,
    // the record tells how it ended, these are counted
    defaultJobOptions: { removeOnComplete: ended, removeOnFail: ended, backoff: { type: 'exponential', delay: 1_000 } },
    streams: { events: { maxLen: 100 } },
  })
  queue.on('error', onError)
  return {
    async add(job) {
      const { id, kind } = job
      const options = { jobId: id, priority: priorities[kind], attempts: attempts[kind] }
      await redisCall('enqueue a forecast', queue.add(kind, { ...job, enqueuedMs: clock.now() }, options))
    },
    async remove(id) {
      await redisCall('remove a forecast', queue.remove(id))
    },
    size: () => queueSize(queue, clock.now()),
    close: () => queue.close(),
  }
}
