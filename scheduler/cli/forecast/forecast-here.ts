import { runForecastOnce } from '../../../flows/forecast-once.ts'
import { type ForecastOnceInput, forecastOnceParams } from '../../../flows/forecast-once-params.ts'
import { AppError } from '../../../models/errors.ts'
import { defaultTenant } from '../../../models/series.ts'
import { describeForecast } from '../../../tasks/adhoc/describe-forecast.ts'
import { describeMisfit } from '../../config/describe-misfit.ts'
import type { Config } from '../../config.ts'
import { futureWritesInMemory, openDatasources } from '../../datasources/datasources.ts'
import { answerMetadata } from '../../forecasts/answer-text.ts'
import { noReader } from '../../forecasts/no-reader.ts'
import { openLocalModels } from '../../model-store/local-models.ts'
import { createMetrics } from '../../process/metrics.ts'
import { taskMetrics } from '../../process/task-metrics.ts'
import type { Answer } from './plot-data.ts'

export interface ForecastHere {
  readonly config: Config
  readonly signal: AbortSignal
  readonly onProgress: (done: number, total: number) => void
}

/** Forecasts in this process, with models and, for a query, with clients of its own. */
export function openForecaster({ config, signal, onProgress }: ForecastHere) {
  const registry = createMetrics()
  const metrics = taskMetrics(registry)
  const models = openLocalModels(config)
  const { forecasters } = models
  const datasources = openDatasources({ config, metrics: registry, now: Date.now, memory: futureWritesInMemory() })
  return {
    /** @throws INVALID_PARAMS naming the field. */
    async forecast(input: ForecastOnceInput): Promise<Answer> {
      const params = parse(input)
      const source = params.query === undefined ? undefined : datasources.find(defaultTenant, params.datasource)
      if (params.query !== undefined && !source)
        throw new AppError('INVALID_PARAMS', 'no store to ask: name one by --store URL')
      const reader = source ? datasources.reader(defaultTenant, source.name) : noReader
      const limits = { maxSeries: source?.maxSeries ?? Number.POSITIVE_INFINITY, maxValues: Number.POSITIVE_INFINITY }
      const result = await runForecastOnce({ reader, forecasters, metrics, signal }, params, {
        ...{ nowMs: Date.now(), defaultModel: config.defaults.model, ...limits, onProgress },
        ...(source && { evalDelayMs: source.evalDelayMs }),
      })
      const series = result.series.map((each) => describeForecast(each, result))
      return { series, metadata: answerMetadata(result, Date.now()) }
    },
    async close(): Promise<void> {
      await models.close()
      await datasources.close()
    },
  }
}

function parse(input: ForecastOnceInput) {
  const parsed = forecastOnceParams.safeParse(input)
  if (parsed.success) return parsed.data
  const { text, problems } = describeMisfit(forecastOnceParams)(parsed.error, input)
  throw new AppError('INVALID_PARAMS', text, { problems })
}
