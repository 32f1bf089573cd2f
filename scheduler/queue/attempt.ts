import { type AppError, toAppError } from '../../models/errors.ts'
import type { TickOutcome } from '../planning/types.ts'
import type { Clock } from '../process/clock.ts'
import { withDeadline } from '../process/with-deadline.ts'
import type { BeginVerdict, OverlapStore } from '../store/ticks/overlap-store.ts'
import type { RunLogStore } from '../store/ticks/run-log-store.ts'
import type { RunStore } from '../store/ticks/run-store.ts'
import { begunRecord, endedRecord } from './attempt-record.ts'
import { openRunLog, type RunLog } from './run-log.ts'
import {
  type ExecuteRun,
  type FlowName,
  type RunJob,
  type RunLogWriter,
  type RunRecord,
  type RunSummary,
  waitsForShards,
} from './runs.ts'
import type { RunCancel } from './watch-cancels.ts'

/** A job as BullMQ hands it over, as far as an attempt needs it. */
export interface FetchedJob {
  readonly job: RunJob
  /** 1 for the first. */
  readonly attempt: number
  /** Whether BullMQ will start it again after an error that is worth it. */
  readonly hasRetries: boolean
  /** A worker took it before: there may be a record. */
  readonly isRestarted?: boolean
  readonly cancel?: RunCancel
  updateJob(job: RunJob): Promise<void>
}

export interface WorkerMetrics {
  tick(flow: FlowName, outcome: TickOutcome, lagMs: number): void
  /** Every attempt, with its error unless it succeeded. */
  attempt(flow: FlowName, seconds: number, error?: string): void
  /** The end of a run, after its last attempt. */
  run(flow: FlowName, result: 'succeeded' | 'failed' | 'cancelled'): void
}

/** Every end of an attempt. `failures`: how many runs of the schedule had failed one after the other; absent: ask. */
export type OnSettled = (record: RunRecord, job: RunJob, failures?: number) => void | Promise<void>

export interface AttemptDeps {
  readonly execute: ExecuteRun
  readonly clock: Clock
  readonly overlaps: OverlapStore
  readonly runs: RunStore
  readonly logs: Pick<RunLogStore, 'append'>
  /** The log of the process. */
  readonly log?: (job: RunJob) => RunLogWriter
  readonly metrics: WorkerMetrics
  /** Of this worker, as run records name it. */
  readonly worker: string
  /** For jobs that bear no time-out. */
  readonly timeoutMs: number
  /** Aborts with the reason when the worker stops: the job goes back, unchanged. */
  readonly stopping: AbortSignal
  readonly onSettled?: OnSettled
  /** What was to be noted about a run could not be. */
  readonly onError: (error: Error) => void
}

export type AttemptResult =
  | { readonly kind: 'done'; readonly summary?: RunSummary }
  /** Begins later, since another run of its schedule is at work, or goes on later, when its shards have ended. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'handBack' }
  | { readonly kind: 'failed'; readonly error: AppError }

/** Runs that take longer leave a full record, whatever they are. */
const slowMs = 10_000

/** An attempt that a worker has begun. */
interface Running {
  readonly fetched: FetchedJob
  readonly begun: RunRecord
  readonly log: RunLog
  /** A plain run of the light pool lives in its packed tick alone. */
  readonly isRecorded: boolean
  readonly failures: number | undefined
}

/** One start of one run: may it begin, run it within its time, note how it ended. */
export async function attemptRun(deps: AttemptDeps, fetched: FetchedJob, lost: AbortSignal): Promise<AttemptResult> {
  const startedMs = deps.clock.now()
  const { verdict, failures } = await mayBegin(deps, fetched, startedMs)
  if (verdict !== 'go') return verdict === 'wait' ? { kind: 'wait' } : { kind: 'done' }
  const running = { ...(await begin(deps, fetched, startedMs)), failures }
  const { summary, error, isWaiting } = await executed(deps, running, lost)
  if (isWaiting) {
    await running.log.settled()
    return { kind: 'wait' }
  }
  // the record is the other worker's as well
  if (error && lost.aborted) return { kind: 'failed', error }
  if (!error) {
    await settle(deps, running, { state: 'succeeded', ...(summary && { summary }) })
    return { kind: 'done', ...(summary && { summary }) }
  }
  const ending = failedEnding(deps, fetched, error)
  await settle(deps, running, ending)
  return ending.state === 'retrying' && deps.stopping.aborted ? { kind: 'handBack' } : { kind: 'failed', error }
}

/** Cancelled goes before handed back, and that before its own error. */
function failedEnding({ stopping }: AttemptDeps, { cancel: watched, hasRetries }: FetchedJob, error: AppError): Ending {
  const cancel = watched?.request()
  const why = { error: { code: error.code, message: error.message } }
  if (cancel) return { state: 'cancelled', cancel, ...why }
  return { state: stopping.aborted || (error.retryable && hasRetries) ? 'retrying' : 'failed', ...why }
}

async function begin(deps: AttemptDeps, fetched: FetchedJob, startedMs: number): Promise<Omit<Running, 'failures'>> {
  const { job, attempt, isRestarted } = fetched
  const { logs: store, clock, worker, log, onError } = deps
  const before = isRestarted ? await recordBefore(deps, job.runId) : undefined
  const begun = begunRecord({ job, attempt, worker, startedMs, before })
  const lines = openRunLog({ store, now: () => clock.now(), log, onError }, job)
  const isRecorded = job.flow === 'forecast' || job.kind !== 'tick' || attempt > 1 || before !== undefined
  if (isRecorded) {
    lines.keep()
    await noted(deps, () => deps.runs.put(begun))
  }
  const since = secondsText(startedMs - job.enqueuedMs)
  lines.note(
    'info',
    `attempt ${attempt} ${begun.startedMs < startedMs ? 'goes on' : 'begins'}, ${since} after it was enqueued`,
  )
  return { fetched, begun, log: lines, isRecorded }
}

interface Executed {
  readonly summary?: RunSummary
  readonly isWaiting?: boolean
  readonly error?: AppError
}

async function executed(deps: AttemptDeps, { fetched, log }: Running, lost: AbortSignal): Promise<Executed> {
  const { job, attempt, cancel, updateJob } = fetched
  const timeoutMs = job.timeoutMs ?? deps.timeoutMs
  const signals = [deps.stopping, lost, ...(cancel ? [cancel.signal] : [])]
  const deadline = { timeoutMs, signals, what: `run ${job.runId}` }
  const control = { attempt, updateJob, log: log.write }
  try {
    const answer = await withDeadline(deadline, (signal) => deps.execute(job, { ...control, signal }))
    return answer === waitsForShards ? { isWaiting: true } : { summary: answer }
  } catch (error) {
    return { error: toAppError(error) }
  }
}

type Ending = Pick<RunRecord, 'state' | 'error' | 'summary' | 'cancel'>

async function settle(deps: AttemptDeps, running: Running, ending: Ending): Promise<void> {
  const { fetched, begun, log, isRecorded, failures } = running
  const { state, error } = ending
  const endedMs = deps.clock.now()
  const record = endedRecord(begun, { ...ending, endedMs })
  const tookMs = endedMs - begun.startedMs
  log.note(
    error ? 'warn' : 'info',
    `${state} after ${secondsText(tookMs)}${error ? `: ${error.code}: ${error.message}` : ''}`,
  )
  if (isRecorded || error || tookMs > slowMs) {
    log.keep()
    await log.settled()
    await noted(deps, () => deps.runs.put(record))
  }
  deps.metrics.attempt(begun.flow, tookMs / 1_000, error?.code)
  const isEnd = state === 'succeeded' || state === 'failed' || state === 'cancelled'
  if (isEnd && begun.kind !== 'shard') deps.metrics.run(begun.flow, state)
  await noted(deps, () => deps.onSettled?.(record, fetched.job, failures))
}

/** undefined also where it cannot be read: the run goes on, and its record forgets the attempts before. */
async function recordBefore({ runs, onError }: AttemptDeps, runId: string): Promise<RunRecord | undefined> {
  try {
    return await runs.get(runId)
  } catch (error) {
    onError(toAppError(error))
    return undefined
  }
}

const secondsText = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`

/** A record that cannot be written does not change how the run ended: it would run once more for nothing. */
async function noted({ onError }: AttemptDeps, note: () => Promise<void> | undefined | void): Promise<void> {
  try {
    await note()
  } catch (error) {
    onError(toAppError(error))
  }
}

async function mayBegin(
  { overlaps, metrics }: AttemptDeps,
  fetched: FetchedJob,
  nowMs: number,
): Promise<Pick<BeginVerdict, 'verdict' | 'failures'>> {
  const { job } = fetched
  // its tick has its outcome, and it waits for nobody
  if (job.retriedAfter !== undefined) return { verdict: 'go' }
  if (job.kind !== 'tick') return { verdict: isToExpire(fetched, nowMs) ? 'drop' : 'go' }
  const { outcome, isNew, ...begun } = await overlaps.begin(job, nowMs, isPastDeadline(job, nowMs))
  if (isNew && outcome !== 'buffered') metrics.tick(job.flow, outcome, nowMs - job.nominalMs)
  return begun
}

/** Whether it is too late to begin. */
function isPastDeadline(job: RunJob, nowMs: number): boolean {
  const { startDeadlineMs = Number.POSITIVE_INFINITY, nominalMs, enqueuedMs } = job
  return nowMs > Math.max(nominalMs, enqueuedMs) + startDeadlineMs
}

/** One that somebody began, or asked to retry, goes on however late it is. */
export const isToExpire = ({ job, attempt }: FetchedJob, nowMs: number): boolean =>
  attempt === 1 && job.retriedAfter === undefined && !job.shards && isPastDeadline(job, nowMs)

/** A job that BullMQ gave up because each worker that took it ended without a word. */
export async function settleKilled(deps: AttemptDeps, job: RunJob, attempt: number): Promise<void> {
  const endedMs = deps.clock.now()
  const before = await recordBefore(deps, job.runId)
  const { worker, startedMs } = before ?? { worker: deps.worker, startedMs: endedMs }
  const begun = {
    ...begunRecord({ job, attempt, worker, startedMs }),
    ...(before?.attempts && { attempts: before.attempts }),
  }
  const message = `run ${job.runId}: every worker that took it was killed or hung`
  const record = endedRecord(begun, { state: 'failed', endedMs, error: { code: 'WORKER_LOST', message } })
  await noted(deps, () => deps.logs.append(job.runId, [{ atMs: endedMs, level: 'warn', text: message }]))
  await noted(deps, () => deps.runs.put(record))
  if (job.kind !== 'shard') deps.metrics.run(job.flow, 'failed')
  await noted(deps, () => deps.onSettled?.(record, job))
}
