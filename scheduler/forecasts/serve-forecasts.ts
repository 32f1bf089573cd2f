import { type Job, WaitingError, Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { AppError, toAppError } from '../../models/errors.ts'
import { withDeadline } from '../process/with-deadline.ts'
import { queuePrefix } from '../store/ticks/schedule-keys.ts'
import { executeForecastJob, type ForecastDeps } from './execute-forecast.ts'
import { forecastQueueName } from './forecast-queue.ts'
import { forecastLimits } from './limits.ts'
import type { ForecastJob } from './types.ts'

/** They mostly wait for the store and for inference, which serves them together with the runs of missions. */
const concurrency = 4

export interface ServeForecastsOptions extends ForecastDeps {
  /** For BullMQ alone, with `maxRetriesPerRequest: null`; closed with the server. */
  readonly connection: Redis
  readonly name: string
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
  const worker = new Worker<ForecastJob>(
    forecastQueueName,
    (job, token) => serve(options, { job, token, stopping: stopping.signal }),
    {
      ...{ connection, prefix: queuePrefix, concurrency, name },
      lockDuration: 60_000,
      maxStalledCount: 1,
      runRetryDelay: 1_000,
    },
  )
  worker.on('error', onError)
  // of its own failures it has told already; a job of workers that were killed ends here
  worker.on('failed', (job, error) => {
    if (job?.finishedOn && !(error instanceof AppError))
      void options.store
        .fail(job.data, { code: 'MODEL_FAILED', message: 'every worker that took it was killed', problems: [] })
        .catch(onError)
  })
  return {
    async close(graceMs) {
      const timer = setTimeout(() => stopping.abort(new AppError('RUN_CANCELLED', 'the worker stops')), graceMs)
      await worker.close()
      clearTimeout(timer)
      connection.disconnect()
    },
  }
}

interface Served {
  readonly job: Job<ForecastJob>
  readonly token: string | undefined
  readonly stopping: AbortSignal
}

async function serve(options: ServeForecastsOptions, { job, token, stopping }: Served): Promise<void> {
  const { data } = job
  const deadline = { timeoutMs: forecastLimits.timeoutMs, signals: [stopping], what: `forecast ${data.id}` }
  try {
    await withDeadline(deadline, (signal) => executeForecastJob(options, data, signal))
    options.onSettled?.(data)
  } catch (thrown) {
    if (stopping.aborted) {
      await job.moveToWait(token)
      throw new WaitingError()
    }
    const error = toAppError(thrown)
    if (error.retryable && job.attemptsMade + 1 < (job.opts.attempts ?? 1)) throw error
    await options.store.fail(data, error)
    options.onSettled?.(data, error)
  }
}
