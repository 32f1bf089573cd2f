import { Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import type { RunJob } from './runs.ts'

/** Remembers when it asked the queue for work last: after a reconnect a worker may look alive and hear nothing. */
export class FetchingWorker extends Worker<RunJob> {
  private fetchedAtMs = performance.now()

  protected override async moveToActive(...args: Parameters<Worker<RunJob>['moveToActive']>) {
    const job = await super.moveToActive(...args)
    this.fetchedAtMs = performance.now()
    return job
  }

  get fetchAgeMs(): number {
    return performance.now() - this.fetchedAtMs
  }
}

export interface DeafnessWatch {
  readonly redis: Pick<Redis, 'ping'>
  isDeaf(): boolean
  onDeaf(reason: string): void
  readonly everyMs?: number
}

/** Calls `onDeaf` once a worker was deaf twice in a row while Redis answered: it needs a moment after an outage. */
export function watchDeafness({ redis, isDeaf, onDeaf, everyMs = 10_000 }: DeafnessWatch): () => void {
  let deafChecks = 0
  const check = async () => {
    if (!isDeaf()) {
      deafChecks = 0
      return
    }
    await redis.ping()
    deafChecks++
    if (deafChecks === 2) onDeaf('the worker fetches no runs though Redis answers')
  }
  const timer = setInterval(() => void check().catch(() => undefined), everyMs)
  timer.unref()
  return () => clearInterval(timer)
}
