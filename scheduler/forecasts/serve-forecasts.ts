import { type Job, UnrecoverableError, WaitingError, Worker } from 'bullmq'
import { AppError, toAppError } from '../../models/errors.ts'
import type { RedisClient } from '../../tasks/cache/redis.ts'
import { withDeadline } from '../process/with-deadline.ts'
import { closeWorker } from '../queue/close-worker.ts'
import { queuePrefix } from '../store/ticks/schedule-keys.ts'
import { alreadyOver, executeForecastJob, type ForecastDeps } from './execute-forecast.ts'
import { forecastQueueName } from './forecast-queue.ts'
import { forecastLimits } from './limits.ts'
import { type ForecastJob, type ForecastMetrics, isOver } from './types.ts'

/** They mostly wait for the store and for inference, which serves them together with the runs of missions. */
const concurrency = 4
/** How soon work ends that nobody waits for any more. */
const lookEveryMs = 500

export interface ServeForecastsOptions extends ForecastDeps {
  /** For BullMQ alone, with `maxRetriesPerRequest: null`; closed with the server. */
  readonly connection: RedisClient
  readonly name: string
  readonly counts: ForecastMetrics
  /** Default 60 s; renewed at a half. */
  readonly lockDurationMs?: number
  /** Default 30 s: how often jobs of killed workers are looked for. */
  readonly stalledIntervalMs?: number
  readonly onError: (error: Error) => void
  readonly onSettled?: (job: ForecastJob, error?: AppError) => void
}

export interface ForecastServer {
  /** Fetches no more, lets forecasts end for `graceMs`, then hands them back. */
  close(graceMs: number): Promise<void>
}

/** Serves forecasts that the API was asked for, in a process that may load models. */
export function serveForecasts(options: ServeForecastsOptions): ForecastServer {
  const { connection, name, onError } = options
  const stopping = new AbortController()
  let atWork = 0
  const worker = new Worker<ForecastJob>(
    forecastQueueName,
    async (job, token) => {
      atWork++
      await serve(options, { job, token, stopping: stopping.signal }).finally(() => atWork--)
    },
    {
      ...{ connection, prefix: queuePrefix, concurrency, name },
      lockDuration: options.lockDurationMs ?? 60_000,
      stalledInterval: options.stalledIntervalMs ?? 30_000,
      maxStalledCount: 1,
      runRetryDelay: 1_000,
    },
  )
  worker.on('error', onError)
  // of its own failures it has told already; a job of workers that are gone ends here
  worker.on('failed', (job, error) => {
    if (!job?.finishedOn) return
    const lost = new AppError('WORKER_LOST', 'every worker that took it was killed, hung or lost Redis')
    void fail(options, job.data, error instanceof AppError ? error : lost).catch(onError)
  })
  return {
    close: (graceMs) => closeWorker({ worker, connection, stopping, isIdle: atWork === 0 }, graceMs),
  }
}

interface Served {
  readonly job: Job<ForecastJob>
  readonly token: string | undefined
  readonly stopping: AbortSignal
}

async function serve(options: ServeForecastsOptions, { job, token, stopping }: Served): Promise<void> {
  const { data } = job
  const { counts, onSettled } = options
  const unwanted = watchUnwanted(options, data)
  const signals = [stopping, unwanted.signal]
  const startedMs = performance.now()
  const attempted = (error?: AppError) => counts.attempt((performance.now() - startedMs) / 1_000, error?.code)
  try {
    const deadline = { timeoutMs: forecastLimits.timeoutMs, signals, what: `forecast ${data.id}` }
    await withDeadline(deadline, (signal) => executeForecastJob(options, data, signal))
    attempted()
    counts.end('succeeded')
    onSettled?.(data)
  } catch (thrown) {
    if (stopping.aborted) {
      await job.moveToWait(token)
      throw new WaitingError()
    }
    const error = toAppError(thrown)
    attempted(error)
    if (error.retryable && job.attemptsMade + 1 < (job.opts.attempts ?? 1)) throw error
    await fail(options, data, error)
    onSettled?.(data, error)
    throw new UnrecoverableError(`${error.code}: ${error.message}`)
  } finally {
    unwanted.end()
  }
}

async function fail({ store, counts }: ServeForecastsOptions, job: ForecastJob, error: AppError): Promise<void> {
  if (await store.fail(job, error)) counts.end('failed')
}

/** Aborts once the forecast is over without us: a read cannot be missed as an event can. */
function watchUnwanted({ store }: ServeForecastsOptions, job: ForecastJob) {
  const unwanted = new AbortController()
  const look = async () => {
    const record = await store.get(job)
    if (!record || isOver(record)) unwanted.abort(alreadyOver(job))
  }
  // while Redis is away nothing is known of it
  const timer = setInterval(() => void look().catch(() => undefined), lookEveryMs)
  return { signal: unwanted.signal, end: () => clearInterval(timer) }
}
