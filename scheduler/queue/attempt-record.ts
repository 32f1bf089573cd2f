import type { RunAttempt, RunJob, RunRecord } from './runs.ts'

/** What a record says of its run from the beginning. */
export function namesOf({ runId, kind, flow, tenant, mission, nominalMs, scheduleId, task, enqueuedMs }: RunJob) {
  return {
    ...{ runId, kind, flow, tenant, mission, nominalMs, enqueuedMs },
    ...(scheduleId !== undefined && { scheduleId }),
    ...(task && { taskFlow: task.flow }),
  } satisfies Partial<RunRecord>
}

/** The job as a record keeps it: another attempt decides anew what is left to do, and runs beside its schedule. */
export function keptJob({ detectPlan: _, overlap: __, ...job }: RunJob): RunJob {
  return job
}

const maxAttempts = 10

export interface Begun {
  readonly job: RunJob
  readonly attempt: number
  readonly worker: string
  readonly startedMs: number
  /** What the attempts before it left. */
  readonly before?: RunRecord | undefined
}

/** The record of a run that a worker begins. */
export function begunRecord({ job, attempt, worker, startedMs, before }: Begun): RunRecord {
  const known = before?.attempts ?? []
  const last = known.at(-1)
  // it waited for its shards
  const goesOn = job.shards !== undefined && last?.attempt === attempt && last.endedMs === undefined
  const since = goesOn ? last.startedMs : startedMs
  const earlier = (goesOn ? known.slice(0, -1) : known).map(closed).slice(1 - maxAttempts)
  const attempts = [...earlier, { attempt, worker, startedMs: since }]
  return { ...namesOf(job), state: 'active', attempt, worker, startedMs: since, attempts, job: keptJob(job) }
}

/** The same with how its last attempt ended; what it was asked to do is of no use once it is done. */
export function endedRecord(
  { job, attempts = [], ...begun }: RunRecord,
  ended: Pick<RunRecord, 'state' | 'error' | 'summary' | 'cancel'> & { readonly endedMs: number },
): RunRecord {
  const { endedMs, error } = ended
  const last = attempts.at(-1)
  const closedLast = last && { ...last, endedMs, ...(error && { error: error.code }) }
  return {
    ...begun,
    ...ended,
    attempts: closedLast ? [...attempts.slice(0, -1), closedLast] : attempts,
    ...(job && ended.state !== 'succeeded' && { job }),
  }
}

/** An attempt that said nothing of its end was a killed worker's. */
const closed = (attempt: RunAttempt): RunAttempt =>
  attempt.endedMs === undefined ? { error: 'WORKER_LOST', ...attempt } : attempt
