import type { Queue } from 'bullmq'
import type { RedisClient } from '../../tasks/cache/redis.ts'
import { redisCall } from '../store/redis-call.ts'
import { keys } from '../store/ticks/schedule-keys.ts'
import type { FlowName, RunJob } from './runs.ts'

/** Workers take what is due by their machines' clocks: this is for what they leave. */
const overdueMs = 1_000
const perCall = 500
/** As BullMQ scores a delayed job: the instant, and twelve bits for the order of those of one instant. */
const scorePerMs = 0x1000

/** Workers on machines whose clock was set back would leave delayed runs where they are for as long as it was set back. */
export async function promoteOverdue(
  { queue, redis }: { readonly queue: Queue<RunJob>; readonly redis: RedisClient },
  nowMs: number,
): Promise<void> {
  const delayed = keys.job(queue.name as FlowName, 'delayed')
  const untilScore = (nowMs - overdueMs) * scorePerMs
  const ids = await redisCall(
    'look for overdue runs',
    redis.zrangebyscore(delayed, '-inf', untilScore, 'LIMIT', 0, perCall),
  )
  const jobs = await redisCall('look for overdue runs', Promise.all(ids.map((id) => queue.getJob(id))))
  // one that a worker was first to take is not delayed any more
  await Promise.allSettled(jobs.map((job) => job?.promote()))
}
