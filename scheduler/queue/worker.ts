import { DelayedError, type Job, type MinimalJob, type Processor, UnrecoverableError, WaitingError } from 'bullmq'
import { AppError } from '../../models/errors.ts'
import type { RedisClient } from '../../tasks/cache/redis.ts'
import type { Clock } from '../process/clock.ts'
import { createCancelStore } from '../store/ticks/cancel-store.ts'
import { createOverlapStore } from '../store/ticks/overlap-store.ts'
import { createRunLogStore } from '../store/ticks/run-log-store.ts'
import { createRunStore } from '../store/ticks/run-store.ts'
import { queuePrefix } from '../store/ticks/schedule-keys.ts'
import {
  type AttemptDeps,
  type AttemptResult,
  attemptRun,
  type FetchedJob,
  isToExpire,
  type OnSettled,
  settleKilled,
  type WorkerMetrics,
} from './attempt.ts'
import { closeWorker } from './close-worker.ts'
import { FetchingWorker, watchDeafness } from './fetching-worker.ts'
import { completed, failed } from './queue.ts'
import { retryDelayMs } from './retry-delay.ts'
import type { LimitHold, RunLimits } from './run-limits.ts'
import type { ExecuteRun, FlowName, RunJob, RunLogWriter } from './runs.ts'
import { type RunCancel, watchCancels } from './watch-cancels.ts'

export interface RunWorkerOptions {
  readonly flow: FlowName
  /** For run and tick records. */
  readonly redis: RedisClient
  /** For BullMQ alone, with `maxRetriesPerRequest: null`; closed with the worker. */
  readonly connection: RedisClient
  readonly execute: ExecuteRun
  readonly clock: Clock
  /** Runs at a time. */
  readonly concurrency: number
  /** As run records name it. */
  readonly name: string
  readonly metrics: WorkerMetrics
  readonly onError?: (error: Error) => void
  /** Where the lines of a run go beside its own log. */
  readonly log?: (job: RunJob) => RunLogWriter
  /** Those of killed workers included. */
  readonly onSettled?: OnSettled
  /** The worker fetches nothing though it could: the process had better end. */
  readonly onDeaf?: (reason: string) => void
  /** Which runs may not begin yet. Default: all may. */
  readonly limits?: RunLimits
  /** Whether runs that it was split into are still to end. */
  readonly hasLiveShards?: (job: RunJob) => Promise<boolean>
  /** Default 60 s; renewed at a quarter. */
  readonly lockDurationMs?: number
  /** Default 30 s: how often jobs of killed workers are looked for. */
  readonly stalledIntervalMs?: number
  /** Default 10 min, for jobs that bear none. */
  readonly timeoutMs?: number
  /** Default 2 s: how often a run that waits for another of its schedule looks again. */
  readonly waitMs?: number
  /** Default 500 ms: how often it looks whether somebody cancelled what it runs. */
  readonly cancelPollMs?: number
}

export interface WorkerHealth {
  readonly active: number
  /** Since the queue was asked for work last; grows while all places are taken. */
  readonly lastFetchAgeMs: number
  readonly isDeaf: boolean
}

export interface RunWorker {
  ready(): Promise<void>
  health(): WorkerHealth
  /** Fetches no more, lets runs end for `graceMs`, then aborts them and hands their jobs back. */
  close(graceMs: number): Promise<void>
}

/** A killed worker's job is started again this often. */
const maxStalls = 3
/** Blocked reads end after 5 to 10 s, so this is several of them missed. */
const deafAfterMs = 60_000
export function createWorker(options: RunWorkerOptions): RunWorker {
  const { flow, redis, connection, concurrency, onError = () => undefined, onDeaf = () => undefined } = options
  const stopping = new AbortController()
  const deps = attemptDeps(options, stopping.signal)
  /** Runs at work, and how to tell one that its job is another's. */
  const atWork = new Map<string, AbortController>()
  const ours = new WeakSet<Error>()
  const cancels = watchCancels({ cancels: createCancelStore(redis), onError, everyMs: options.cancelPollMs })

  /** By its shards, unless somebody wants it to end: then they do as well. */
  async function isHeldUp(job: RunJob, cancel: RunCancel): Promise<boolean> {
    if (!job.shards && !job.shard) return false
    await cancels.look()
    return !cancel.request() && ((await options.hasLiveShards?.(job)) ?? false)
  }

  const start: Processor<RunJob> = async (bullJob, token) => {
    const { runId, shard } = bullJob.data
    const lost = new AbortController()
    atWork.set(runId, lost)
    const cancel = cancels.begin(runId, shard?.of)
    let hold: LimitHold | 'full' | undefined
    try {
      const started = { bullJob, token, clock: options.clock, waitMs: options.waitMs ?? 2_000 }
      if (await isHeldUp(bullJob.data, cancel)) return await conclude({ kind: 'wait' }, started)
      const fetched = fetchedJob(bullJob, cancel)
      // whether there is a place or not
      if (!isToExpire(fetched, options.clock.now())) hold = await options.limits?.hold(bullJob.data)
      const result: AttemptResult = hold === 'full' ? { kind: 'wait' } : await attemptRun(deps, fetched, lost.signal)
      return await conclude(result, started)
    } catch (error) {
      if (error instanceof Error) ours.add(error)
      throw error
    } finally {
      if (hold !== 'full') await hold?.release()
      atWork.delete(runId)
      cancels.end(runId)
    }
  }

  const worker = new FetchingWorker(flow, start, {
    connection,
    prefix: queuePrefix,
    concurrency,
    name: options.name,
    lockDuration: options.lockDurationMs ?? 60_000,
    stalledInterval: options.stalledIntervalMs ?? 30_000,
    maxStalledCount: maxStalls,
    // not in each job: it would be written, read and sent back with it
    removeOnComplete: { count: completed.count },
    removeOnFail: { count: failed.count },
    // also how soon it asks again after Redis was away
    runRetryDelay: 1_000,
    settings: { backoffStrategy: backoffBy(options.clock) },
  })
  worker.on('error', onError)
  worker.on('lockRenewalFailed', (ids) => {
    for (const id of ids) atWork.get(id)?.abort(new AppError('RUN_CANCELLED', `run ${id} is another worker's now`))
  })
  worker.on('failed', (bullJob, error) => {
    if (!bullJob?.finishedOn || ours.has(error)) return
    // giving it up counted as one more
    void settleKilled(deps, bullJob.data, attemptsOf(bullJob) - 1).catch(onError)
  })

  const isDeaf = () => atWork.size < concurrency && worker.fetchAgeMs > deafAfterMs
  const endWatch = watchDeafness({ redis, isDeaf, onDeaf })

  return {
    ready: async () => {
      await worker.waitUntilReady()
    },
    health: () => ({ active: atWork.size, lastFetchAgeMs: worker.fetchAgeMs, isDeaf: isDeaf() }),
    close: async (graceMs) => {
      endWatch()
      await closeWorker({ worker, connection, stopping, isIdle: atWork.size === 0 }, graceMs)
      cancels.stop()
    },
  }
}

function attemptDeps(options: RunWorkerOptions, stopping: AbortSignal): AttemptDeps {
  const {
    execute,
    clock,
    metrics,
    name,
    redis,
    timeoutMs = 600_000,
    onSettled,
    log,
    onError = () => undefined,
  } = options
  const stores = { overlaps: createOverlapStore(redis), runs: createRunStore(redis), logs: createRunLogStore(redis) }
  return {
    execute,
    clock,
    metrics,
    worker: name,
    timeoutMs,
    stopping,
    onError,
    ...stores,
    ...(onSettled && { onSettled }),
    ...(log && { log }),
  }
}

function fetchedJob(bullJob: Job<RunJob>, cancel: RunCancel): FetchedJob {
  const { data, attemptsMade, attemptsStarted, opts } = bullJob
  return {
    ...{ job: data, cancel, attempt: attemptsOf(bullJob) + 1 },
    isRestarted: attemptsStarted > 1 || data.retriedAfter !== undefined,
    hasRetries: attemptsMade + 1 < (opts.attempts ?? 1),
    updateJob: (job) => bullJob.updateData(job),
  }
}

/** Failed ones and those of killed workers. */
const attemptsOf = ({ data, attemptsMade, stalledCounter }: Job<RunJob>): number =>
  (data.retriedAfter ?? 0) + attemptsMade + stalledCounter

interface Started {
  readonly bullJob: Job<RunJob>
  readonly token: string | undefined
  readonly clock: Clock
  readonly waitMs: number
}

/** Tells BullMQ what became of an attempt, in its words. */
async function conclude(result: AttemptResult, { bullJob, token, clock, waitMs }: Started): Promise<unknown> {
  switch (result.kind) {
    case 'done':
      return result.summary
    case 'wait':
      await bullJob.moveToDelayed(Date.now() + behindMs(clock) + waitMs, token)
      throw new DelayedError()
    case 'handBack':
      await bullJob.moveToWait(token)
      throw new WaitingError()
    case 'failed':
      if (result.error.retryable) throw result.error
      throw new UnrecoverableError(`${result.error.code}: ${result.error.message}`)
  }
}

/** BullMQ adds it to the clock of the machine. */
function backoffBy(clock: Clock) {
  return (failures: number, _type?: string, error?: Error, job?: MinimalJob): number => {
    const backoff = job?.opts.backoff
    const backoffMs = (typeof backoff === 'object' ? backoff.delay : backoff) ?? 1_000
    return behindMs(clock) + retryDelayMs({ failures, backoffMs }, error instanceof AppError ? error : undefined)
  }
}

/** How far the clock of this machine lies behind ours. Where it lies ahead, BullMQ would end a wait by ours at once. */
const behindMs = (clock: Clock): number => Math.max(0, clock.now() - Date.now())
