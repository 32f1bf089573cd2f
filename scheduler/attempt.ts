import { type AppError, toAppError } from '../models/errors.ts'
import type { Clock } from './clock.ts'
import type { TickOutcome } from './planning/types.ts'
import type { ExecuteRun, FlowName, RunJob, RunRecord } from './runs.ts'
import type { OverlapStore } from './store/overlap-store.ts'
import type { RunStore } from './store/run-store.ts'
import { withDeadline } from './with-deadline.ts'

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
  /** Every end of an attempt; what it throws is nobody's business. */
  readonly onSettled?: (record: RunRecord, job: RunJob) => void
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
  const { clock, metrics } = deps
  const { job } = fetched
  const startedMs = clock.now()
  const verdict = await mayBegin(deps, fetched, startedMs)
  if (verdict !== 'go') return verdict === 'wait' ? { kind: 'wait' } : { kind: 'done' }
  const { attempt } = fetched
  const base = { ...namesOf(job), attempt, worker: deps.worker, startedMs }
  if (isRecorded(fetched)) await deps.runs.put({ ...base, state: 'active' })
  try {
    const summary = await withDeadline(
      { timeoutMs: job.timeoutMs ?? deps.timeoutMs, signals: [deps.stopping, lost], what: `run ${job.runId}` },
      (signal) => deps.execute(job, { attempt, signal, updateJob: fetched.updateJob }),
    )
    await settle('succeeded', { summary })
    return { kind: 'done', summary }
  } catch (thrown) {
    const error = toAppError(thrown)
    // the record is the other worker's as well
    if (lost.aborted) return { kind: 'failed', error }
    if (deps.stopping.aborted) {
      await settle('retrying', { error: { code: error.code, message: error.message } })
      return { kind: 'handBack' }
    }
    const state = error.retryable && fetched.hasRetries ? 'retrying' : 'failed'
    await settle(state, { error: { code: error.code, message: error.message } })
    return { kind: 'failed', error }
  }

  async function settle(state: 'succeeded' | 'retrying' | 'failed', rest: Pick<RunRecord, 'error' | 'summary'>) {
    const endedMs = clock.now()
    const record: RunRecord = { ...base, state, endedMs, ...rest }
    const isFull = isRecorded(fetched) || state !== 'succeeded' || endedMs - startedMs > slowMs
    if (isFull) await deps.runs.put(record)
    metrics.attempt(job.flow, (endedMs - startedMs) / 1_000, rest.error?.code)
    if (state !== 'retrying') metrics.run(job.flow, state)
    deps.onSettled?.(record, job)
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
  const before = await deps.runs.get(job.runId)
  const { worker, startedMs } = before ?? { worker: deps.worker, startedMs: endedMs }
  const error = { code: 'INTERNAL', message: `run ${job.runId}: every worker that took it was killed or hung` }
  const record: RunRecord = { ...namesOf(job), state: 'failed', attempt, worker, startedMs, endedMs, error }
  await deps.runs.put(record)
  deps.metrics.run(job.flow, 'failed')
  deps.onSettled?.(record, job)
}

const namesOf = ({ runId, kind, flow, tenant, mission, nominalMs }: RunJob) => ({
  ...{ runId, kind, flow, tenant, mission, nominalMs },
})

/** A plain detect run lives in its packed tick alone. */
const isRecorded = ({ job, attempt }: FetchedJob): boolean =>
  job.flow === 'forecast' || job.kind !== 'tick' || attempt > 1
