import type { Limit, LimitStore } from '../store/limit-store.ts'
import type { RunJob } from './runs.ts'

export interface RunLimitsOptions {
  readonly store: Pick<LimitStore, 'take' | 'renew' | 'release'>
  /** Whose runs they are. */
  readonly worker: string
  /** Limits that a run counts for; none for most. */
  limitsOf(job: RunJob): Promise<readonly Limit[]>
  /** A third of the lease. */
  readonly renewMs: number
  readonly onError: (error: Error) => void
}

/** Places of one run. */
export interface LimitHold {
  release(): Promise<void>
}

export interface RunLimits {
  /** undefined: nothing limits it. full: some limit has no place left; the run tries again later. */
  hold(job: RunJob): Promise<LimitHold | 'full' | undefined>
}

/** Leased limits of how many runs are at work: a place that a killed worker held is free once its lease has run out. */
export function createRunLimits({ store, worker, limitsOf, renewMs, onError }: RunLimitsOptions): RunLimits {
  return {
    async hold(job) {
      const limits = await limitsOf(job)
      if (limits.length === 0) return undefined
      const holder = { token: job.runId, worker }
      if (await store.take(limits, holder)) return 'full'
      const renewing = setInterval(() => void store.renew(limits, holder).catch(onError), renewMs)
      return {
        async release() {
          clearInterval(renewing)
          // a place that cannot be given back is free when its lease has run out
          await store.release(limits, holder).catch(onError)
        },
      }
    },
  }
}
