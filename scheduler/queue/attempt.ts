import { type AppError, toAppError } from '../../models/errors.ts'
import type { TickOutcome } from '../planning/types.ts'
import type { Clock } from '../process/clock.ts'
import { withDeadline } from '../process/with-deadline.ts'
import type { OverlapStore } from '../store/ticks/overlap-store.ts'
import type { RunStore } from '../store/ticks/run-store.ts'
import type { ExecuteRun, FlowName, RunJob, RunRecord } from './runs.ts'

/** A job as BullMQ hands it over, as far as an attempt needs it. */
export interface FetchedJob {
  readonly job: RunJob
  /** 1 for the first. */
  readonly attempt: number
  /** Whether BullMQ will start it again after an error that is worth it. */
  readonly hasRetries: boolean
  updateJob(job: RunJob): Promise<void>
}

export interface WorkerMetrics {
  tick(flow: FlowName, outcome: TickOutcome, lagMs: number): void
  /** Every attempt, with its error unless it succeeded. */
  attempt(flow: FlowName, seconds: number, error?: string): void
  /** The end of a run, after its last attempt. */
  run(flow: FlowName, result: 'succeeded' | 'failed'): void
}

export interface AttemptDeps {
  readonly execute: ExecuteRun
  readonly clock: Clock
  readonly overlaps: OverlapStore
  readonly runs: RunStore
  readonly metrics: WorkerMetrics
  /** Of this worker, as run records name it. */
  readonly worker: string
  /** For jobs that bear no time-out. */
  readonly timeoutMs: number
  /** Aborts with the reason when the worker stops: the job goes back, unchanged. */
  readonly stopping: AbortSignal
  /** Every end of an attempt. */
  readonly onSettled?: (record: RunRecord, job: RunJob) => void | Promise<void>
  /** What was to be noted about a run could not be. */
  readonly onError: (error: Error) => void
}

export type AttemptResult =
  | { readonly kind: 'done'; readonly summary?: Readonly<Record<string, unknown>> }
  /** Begins later: another run of its schedule is at work. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'handBack' }
  | { readonly kind: 'failed'; readonly error: AppError }

/** Runs that take longer leave a full record, whatever they are. */
const slowMs = 10_000

/** One start of one run: may it begin, run it within its time, note how it ended. */
export async function attemptRun(deps: AttemptDeps, fetched: FetchedJob, lost: AbortSignal): Promise<AttemptResult> {
  const startedMs = deps.clock.now()
  const verdict = await mayBegin(deps, fetched, startedMs)
  if (verdict !== 'go') return verdict === 'wait' ? { kind: 'wait' } : { kind: 'done' }
  const { job, attempt } = fetched
  const begun: RunRecord = { ...namesOf(job), state: 'active', attempt, worker: deps.worker, startedMs }
  if (isRecorded(fetched)) await noted(deps, () => deps.runs.put(begun))
  const { summary, error } = await executed(deps, fetched, lost)
  // the record is the other worker's as well
  if (error && lost.aborted) return { kind: 'failed', error }
  if (!error) {
    await settle(deps, fetched, { ...begun, state: 'succeeded', ...(summary && { summary }) })
    return { kind: 'done', ...(summary && { summary }) }
  }
  const goesBack = deps.stopping.aborted
  const state = goesBack || (error.retryable && fetched.hasRetries) ? 'retrying' : 'failed'
  await settle(deps, fetched, { ...begun, state, error: { code: error.code, message: error.message } })
  return goesBack ? { kind: 'handBack' } : { kind: 'failed', error }
}

interface Executed {
  readonly summary?: Readonly<Record<string, unknown>>
  readonly error?: AppError
}

async function executed(
  deps: AttemptDeps,
  { job, attempt, updateJob }: FetchedJob,
  lost: AbortSignal,
): Promise<Executed> {
  const timeoutMs = job.timeoutMs ?? deps.timeoutMs
  const deadline = { timeoutMs, signals: [deps.stopping, lost], what: `run ${job.runId}` }
  try {
    return { summary: await withDeadline(deadline, (signal) => deps.execute(job, { attempt, signal, updateJob })) }
  } catch (error) {
    return { error: toAppError(error) }
  }
}

async function settle(deps: AttemptDeps, fetched: FetchedJob, ended: RunRecord): Promise<void> {
  const { flow, state, startedMs, error } = ended
  const endedMs = deps.clock.now()
  const record: RunRecord = { ...ended, endedMs }
  const tookMs = endedMs - startedMs
  if (isRecorded(fetched) || error || tookMs > slowMs) await noted(deps, () => deps.runs.put(record))
  deps.metrics.attempt(flow, tookMs / 1_000, error?.code)
  if (state === 'succeeded' || state === 'failed') deps.metrics.run(flow, state)
  await noted(deps, () => deps.onSettled?.(record, fetched.job))
}

/** A record that cannot be written does not change how the run ended: it would run once more for nothing. */
async function noted({ onError }: AttemptDeps, note: () => Promise<void> | undefined | void): Promise<void> {
  try {
    await note()
  } catch (error) {
    onError(toAppError(error))
  }
}

async function mayBegin({ overlaps, metrics }: AttemptDeps, { job, attempt }: FetchedJob, nowMs: number) {
  const { startDeadlineMs = Number.POSITIVE_INFINITY, nominalMs, enqueuedMs } = job
  const isLate = nowMs > Math.max(nominalMs, enqueuedMs) + startDeadlineMs
  if (job.kind !== 'tick') return isLate && attempt === 1 ? 'drop' : 'go'
  const { verdict, outcome, isNew } = await overlaps.begin(job, nowMs, isLate)
  if (isNew && outcome !== 'buffered') metrics.tick(job.flow, outcome, nowMs - nominalMs)
  return verdict
}

/** A job that BullMQ gave up because each worker that took it ended without a word. */
export async function settleKilled(deps: AttemptDeps, job: RunJob, attempt: number): Promise<void> {
  const endedMs = deps.clock.now()
  const before = await deps.runs.get(job.runId).catch(() => undefined)
  const { worker, startedMs } = before ?? { worker: deps.worker, startedMs: endedMs }
  const message = `run ${job.runId}: every worker that took it was killed or hung`
  const error = { code: 'WORKER_LOST', message } as const
  const record: RunRecord = { ...namesOf(job), state: 'failed', attempt, worker, startedMs, endedMs, error }
  await noted(deps, () => deps.runs.put(record))
  deps.metrics.run(job.flow, 'failed')
  await noted(deps, () => deps.onSettled?.(record, job))
}

const namesOf = ({ runId, kind, flow, tenant, mission, nominalMs, scheduleId, task }: RunJob) => ({
  ...{ runId, kind, flow, tenant, mission, nominalMs },
  ...(scheduleId !== undefined && { scheduleId }),
  ...(task && { taskFlow: task.flow }),
})

/** A plain run of the light pool lives in its packed tick alone. */
const isRecorded = ({ job, attempt }: FetchedJob): boolean =>
  job.flow === 'forecast' || job.kind !== 'tick' || attempt > 1
