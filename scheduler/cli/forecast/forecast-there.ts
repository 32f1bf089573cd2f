import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { ForecastOnceInput } from '../../../flows/forecast-once-params.ts'
import { AppError, type ErrorCode, errorCodes } from '../../../models/errors.ts'
import { forecastAnswer, forecastStatus } from '../../api/forecast-views.ts'
import type { ApiClient } from '../api-client.ts'
import type { Answer } from './plot-data.ts'

const jobView = z.object({
  jobId: z.string(),
  status: forecastStatus,
  progress: z.object({ done: z.int(), total: z.int() }).optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
  forecast: forecastAnswer.optional(),
})

export interface ForecastThere {
  readonly client: ApiClient
  readonly signal: AbortSignal
  readonly onProgress: (done: number, total: number) => void
  /** No worker has begun it yet. */
  readonly onWait: () => void
}

const mostMs = 1_000

/** Forecasts by the API: a job, asked for until it is over. Nobody wants it any more once the signal aborts. */
export async function forecastThere(input: ForecastOnceInput, there: ForecastThere): Promise<Answer> {
  const { client, signal } = there
  const { jobId } = jobView.parse(await client.call({ method: 'POST', path: '/forecast-jobs', body: input }))
  try {
    return await whenOver(jobId, there)
  } catch (error) {
    if (!signal.aborted) throw error
    // it may be over by now
    await client.call({ method: 'DELETE', path: `/forecast-jobs/${jobId}` }).catch(() => undefined)
    throw cancelled(jobId)
  }
}

async function whenOver(jobId: string, { client, signal, ...tell }: ForecastThere): Promise<Answer> {
  for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 1.5, mostMs)) {
    const job = jobView.parse(await client.call({ path: `/forecast-jobs/${jobId}` }))
    const { status, progress } = job
    if (status !== 'queued' && status !== 'running') return forecastOf(job)
    if (status === 'queued') tell.onWait()
    if (progress) tell.onProgress(progress.done, progress.total)
    await delay(pauseMs, undefined, { signal })
  }
}

/** Of a job that is over. @throws what it failed with. */
function forecastOf({ jobId, status, error, forecast }: z.output<typeof jobView>): Answer {
  if (error) throw new AppError(error.code in errorCodes ? (error.code as ErrorCode) : 'INTERNAL', error.message)
  if (status === 'cancelled') throw cancelled(jobId)
  if (forecast) return forecast
  throw new AppError('NOT_FOUND', `the result of forecast ${jobId} is not kept any more`)
}

const cancelled = (jobId: string) => new AppError('RUN_CANCELLED', `forecast ${jobId} was cancelled`)
