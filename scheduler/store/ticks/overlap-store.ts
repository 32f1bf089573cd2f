import { AppError } from '../../../models/errors.ts'
import type { RedisClient } from '../../../tasks/cache/redis.ts'
import type { TickOutcome } from '../../planning/types.ts'
import type { EnqueueAnswer, OverlapMode, RunJob } from '../../queue/runs.ts'
import { batchLua } from '../lua.ts'
import { beginScript, reserveScript } from './overlap-scripts.ts'
import { keys } from './schedule-keys.ts'
import { tickOutcomes } from './tick-codec.ts'
import { openMember } from './tick-store.ts'

/** What a worker does with a tick's job that it fetched. `wait`: another run of the schedule is at work. */
export interface BeginVerdict {
  readonly verdict: 'go' | 'wait' | 'drop'
  /** What the tick is now. */
  readonly outcome: TickOutcome
  /** Whether this call made it so: a tick is counted once. */
  readonly isNew: boolean
  /** Runs of the schedule that failed one after the other before this one; absent where others may run beside it. */
  readonly failures?: number
}

/**
 * Who of a schedule was enqueued last and who is at work. Nobody releases anything: whether a holder is alive is read
 * from its BullMQ job, so a crash leaves no key behind that could block a schedule.
 */
export interface OverlapStore {
  /** Before the job is added. The tick of a waiting run that gives way is `coalesced` in the same step. */
  reserve(job: RunJob, mode: OverlapMode | undefined): Promise<Omit<EnqueueAnswer, 'runId'>>
  /** Before a tick's run does anything; notes the tick as `run`, or how else it ends. `isLate`: past its deadline. */
  begin(job: RunJob, nowMs: number, isLate: boolean): Promise<BeginVerdict>
}

export function createOverlapStore(redis: RedisClient): OverlapStore {
  const reserve = batchLua(redis, reserveScript)
  const begin = batchLua(redis, beginScript)
  return {
    async reserve(job, mode) {
      const args = [job.runId, job.nominalMs, mode ?? '', keys.job(job.flow, ''), openPrefix(job)]
      const answer = (await reserve(touched(job), args)) as [string, string?]
      const [outcome, other] = answer
      if (outcome === 'same') return { outcome }
      if (outcome === 'held') return { outcome, ...(other && { heldBy: other }) }
      return { outcome: 'new', ...(other && { replaced: other }) }
    },

    async begin(job, nowMs, isLate) {
      const { runId, nominalMs, overlap = '', isCaughtUp = false } = job
      const lagMs = Math.max(0, Math.round(nowMs - nominalMs))
      const args = [runId, nominalMs, overlap, keys.job(job.flow, ''), openPrefix(job), lagMs]
      const answer = await begin(touched(job), [...args, Number(isLate), Number(isCaughtUp)])
      const [verdict, outcome, there, failures] = answer as [BeginVerdict['verdict'], number, number, number?]
      const begun = { verdict, outcome: tickOutcomes[outcome] ?? 'missed', isNew: there === -1 }
      return job.overlap && failures !== undefined ? { ...begun, failures } : begun
    },
  }
}

/** Runs without a schedule have no overlap: their keys are named, never touched. */
function touched(job: RunJob): string[] {
  const key = scheduleOf(job)
  return [keys.job(job.flow, job.runId), keys.overlap(key), keys.ticks(key), keys.schedule(key), keys.open]
}

const openPrefix = (job: RunJob): string => openMember({ ...scheduleOf(job), flow: job.flow }, '')

function scheduleOf({ tenant, scheduleId = '', kind, runId }: RunJob) {
  if (kind === 'tick' && scheduleId === '') throw new AppError('INTERNAL', `tick run ${runId} names no schedule`)
  return { tenant, id: scheduleId }
}
