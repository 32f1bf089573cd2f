import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { ForecastOnceInput } from '../../../flows/forecast-once-params.ts'
import { AppError, type ErrorCode, errorCodes } from '../../../models/errors.ts'
import { forecastAnswer } from '../../api/forecast-views.ts'
import type { ApiClient } from '../api-client.ts'
import type { Answer } from './plot-data.ts'

const jobView = z.object({
  jobId: z.string(),
  status: z.enum(['queued', 'running', 'succeeded', 'failed']),
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

/** Forecasts by the API: a job, asked for until it is over. */
export async function forecastThere(
  input: ForecastOnceInput,
  { client, signal, ...tell }: ForecastThere,
): Promise<Answer> {
  const { jobId } = jobView.parse(await client.call({ method: 'POST', path: '/forecast-jobs', body: input }))
  for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 1.5, mostMs)) {
    const { status, progress, error, forecast } = jobView.parse(await client.call({ path: `/forecast-jobs/${jobId}` }))
    if (error) throw new AppError(error.code in errorCodes ? (error.code as ErrorCode) : 'INTERNAL', error.message)
    if (forecast) return forecast
    if (status === 'succeeded') throw new AppError('NOT_FOUND', `the result of forecast ${jobId} is not kept any more`)
    if (status === 'queued') tell.onWait()
    if (progress) tell.onProgress(progress.done, progress.total)
    await delay(pauseMs, undefined, { signal })
  }
}
