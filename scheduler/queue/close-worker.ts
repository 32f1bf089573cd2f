import type { Worker } from 'bullmq'
import { AppError } from '../../models/errors.ts'
import type { RedisClient } from '../../tasks/cache/redis.ts'
import { settledWithin } from '../process/settled-within.ts'

/** How much longer than its grace a worker may take to close. */
export const handBackMs = 8_000

export interface ClosingWorker {
  readonly worker: Worker
  /** That the worker was given. */
  readonly connection: RedisClient
  /** Aborts what is at work. */
  readonly stopping: AbortController
  readonly isIdle: boolean
}

/**
 * Fetches no more, lets jobs end for `graceMs`, then aborts them and has them handed back. Without Redis nothing can be
 * handed back: the jobs are another worker's once their locks have run out, and what BullMQ still waits for is left to
 * the end of the process.
 */
export async function closeWorker(closing: ClosingWorker, graceMs: number): Promise<void> {
  const { worker, connection, stopping, isIdle } = closing
  const closed = worker.close()
  const hasNothingToDo = isIdle && connection.status !== 'ready'
  if (!(await settledWithin(closed, hasNothingToDo ? 0 : graceMs))) {
    stopping.abort(new AppError('RUN_CANCELLED', 'the worker stops'))
    await settledWithin(closed, hasNothingToDo ? 0 : handBackMs)
  }
  connection.disconnect()
}
