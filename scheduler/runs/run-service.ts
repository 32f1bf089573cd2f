import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../../models/errors.ts'
import type { TickMetrics } from '../planning/plan-due.ts'
import type { Clock } from '../process/clock.ts'
import type { WorkerMetrics } from '../queue/attempt.ts'
import { keptJob, namesOf } from '../queue/attempt-record.ts'
import type { FoundJob } from '../queue/find-jobs.ts'
import type { ClosableRunQueue } from '../queue/queue.ts'
import {
  type CancelRequest,
  isOver,
  type KnownRun,
  type RunJob,
  type RunLogLine,
  type RunRecord,
} from '../queue/runs.ts'
import { cancelText } from '../queue/watch-cancels.ts'
import type { CancelStore } from '../store/ticks/cancel-store.ts'
import type { RunLogStore } from '../store/ticks/run-log-store.ts'
import type { RunStore, StoredRun } from '../store/ticks/run-store.ts'
import { type FoundRun, type KnownRunDeps, knownRun, type RunKey } from './known-runs.ts'
import { shardReports } from './shard-reports.ts'

export interface RunServiceDeps extends KnownRunDeps {
  readonly runs: RunStore
  readonly logs: RunLogStore
  readonly cancels: CancelStore
  readonly queue: Pick<ClosableRunQueue, 'find' | 'remove' | 'enqueue'>
  readonly clock: Clock
  readonly metrics: TickMetrics & Pick<WorkerMetrics, 'run'>
  /** How long a worker has to end a run before the answer is `cancelling`. Default: 10 s. */
  readonly confirmMs?: number
}

export interface RunCancelRequest extends RunKey {
  readonly actor: string
  readonly reason: string
}

/** One run at a time. All of it throws NOT_FOUND, also for another tenant's. */
export interface RunService {
  get(key: RunKey): Promise<KnownRun>
  /** Its last lines, oldest first; none of a plain run. */
  logs(key: RunKey): Promise<readonly RunLogLine[]>
  /**
   * Ends a run that waits at once, has its worker end one at work. Resolves with how it ended, or with state
   * `cancelling` while the worker has not confirmed. @throws CONFLICT for one that had ended.
   */
  cancel(request: RunCancelRequest): Promise<KnownRun>
  /** Another attempt of the same run, for the same T. @throws CONFLICT unless it failed, was lost or cancelled. */
  retry(key: RunKey): Promise<KnownRun>
}

const pollMs = 200
/** As triggers: somebody waits for it. */
const retryPriority = 1

export function createRunService(deps: RunServiceDeps): RunService {
  const get = (key: RunKey) => knownRun(deps, key)
  return {
    async get(key) {
      const { run, job } = await get(key)
      const isSplit = job?.job.shards !== undefined && !isOver(run.state)
      return isSplit ? { ...run, shards: await shardReports(deps.runs, job.job) } : run
    },

    async logs(key) {
      await get(key)
      return deps.logs.read(key.runId)
    },

    async cancel({ actor, reason, ...key }) {
      const { run, job } = await get(key)
      assertWhole(run)
      if (run.state === 'cancelled') return run
      assertAlive(run, job)
      const request = { actor, reason, atMs: deps.clock.now() }
      await deps.cancels.request(key.runId, request)
      return (job && (await cancelWaiting(deps, { run, job }, request))) ?? confirmed(deps, key)
    },

    async retry(key) {
      const stored = await deps.runs.read(key.runId)
      const { run, job } = await get(key)
      assertWhole(run)
      if (run.state !== 'failed' && run.state !== 'lost' && run.state !== 'cancelled')
        throw new AppError(
          'CONFLICT',
          `run ${key.runId} is ${run.state}: only one that failed, was lost or cancelled is tried again`,
        )
      const asked = job?.job ?? run.job
      if (!asked) throw new AppError('CONFLICT', `run ${key.runId} ended too long ago: its job is gone`)
      return startAgain(deps, { stored, run, job, asked })
    },
  }
}

function assertWhole({ runId, kind }: KnownRun): void {
  if (kind !== 'shard') return
  const of = runId.slice(0, runId.lastIndexOf('.'))
  throw new AppError('CONFLICT', `run ${runId} is a part of run ${of}: it is cancelled and tried again with that`)
}

function assertAlive({ runId, state }: KnownRun, job: FoundJob | undefined): void {
  if (isOver(state)) throw new AppError('CONFLICT', `run ${runId} has ended: ${state}`)
  if (!job) throw new AppError('CONFLICT', `run ${runId} is in no queue any more: it ends as lost within minutes`)
}

/** undefined: a worker has it. */
async function cancelWaiting(
  { cancels, clock, metrics, runs, logs }: RunServiceDeps,
  { run, job: { job } }: Required<FoundRun>,
  cancel: CancelRequest,
): Promise<KnownRun | undefined> {
  const nowMs = clock.now()
  const message = cancelText(job.runId, cancel)
  const record: RunRecord = {
    ...{ ...namesOf(job), worker: run.worker ?? '', startedMs: run.startedMs ?? nowMs, endedMs: nowMs },
    ...{ state: 'cancelled', attempt: run.attempt, cancel, error: { code: 'RUN_CANCELLED', message } },
    ...(run.attempts && { attempts: run.attempts }),
    job: keptJob(job),
  }
  const taken = await cancels.takeWaiting(job, record)
  if (!taken) return undefined
  await logs.append(job.runId, [{ atMs: nowMs, level: 'warn', text: message }])
  await runs.announce(record)
  if (taken.isTickNew) metrics.tick(job.flow, 'missed', Math.max(0, nowMs - job.nominalMs))
  metrics.run(job.flow, 'cancelled')
  return record
}

/** How the run ended, or that it still has to. */
async function confirmed(deps: RunServiceDeps, key: RunKey): Promise<KnownRun> {
  const untilMs = performance.now() + (deps.confirmMs ?? 10_000)
  for (;;) {
    const { run } = await knownRun(deps, key)
    if (isOver(run.state)) return run
    if (performance.now() > untilMs) return { ...run, state: 'cancelling' }
    await sleep(pollMs)
  }
}

interface Again {
  /** As it was before anybody asked whether the run has ended. */
  readonly stored: StoredRun | undefined
  readonly run: KnownRun
  /** While its queue keeps it. */
  readonly job: FoundJob | undefined
  readonly asked: RunJob
}

/** The record says so first: a crash on the way leaves a run that the reconciler finds lost. */
async function startAgain(deps: RunServiceDeps, { stored, run, job, asked }: Again): Promise<KnownRun> {
  const { overlap: _, ...plain } = asked
  const again: RunJob = { ...plain, enqueuedMs: deps.clock.now(), retriedAfter: run.attempt }
  const { attempt, attempts, worker = '', startedMs = again.enqueuedMs } = run
  const record: RunRecord = {
    ...{ ...namesOf(again), state: 'retrying', attempt, worker, startedMs, job: keptJob(again) },
    ...(attempts && { attempts }),
  }
  if (!(await deps.runs.startAgain(stored, record)))
    throw new AppError('CONFLICT', `run ${run.runId} is tried again at somebody else's wish`)
  await deps.cancels.forget(run.runId)
  await deps.queue.remove(run.flow, run.runId)
  const maxAttempts = job && { maxAttempts: job.maxAttempts }
  await deps.queue.enqueue([{ job: again, priority: retryPriority, ...maxAttempts }])
  return record
}
