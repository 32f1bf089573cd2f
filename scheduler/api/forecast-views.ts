import { z } from 'zod'
import type { ForecastRecord } from '../forecasts/types.ts'
import { problemResponses } from './problems.ts'
import { instant, toInstant } from './views.ts'

export const forecastStatus = z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled'])

export const forecastRecordView = z
  .object({
    forecastId: z.string().describe('Also the id of its job'),
    status: forecastStatus,
    model: z.string(),
    revision: z.string().optional().describe("Of the model's files"),
    actor: z.string(),
    input: z.enum(['query', 'series', 'rows']),
    query: z.string().optional(),
    datasource: z.string().optional(),
    predictionLength: z.int(),
    quantileLevels: z.array(z.number()),
    createdAt: instant,
    startedAt: instant.optional(),
    endedAt: instant.optional(),
    progress: z.object({ done: z.int(), total: z.int() }).optional().describe('Series'),
    error: z.object({ code: z.string(), message: z.string() }).optional(),
  })
  .meta({ id: 'ForecastRecord' })

const number = z.number().nullable()

const predictionView = z
  .object({
    time: instant,
    horizonStep: z.int().min(1),
    value: number.describe('Median'),
    lower: number.describe('Quantile of the lowest level; null where none is at or below 0.5'),
    upper: number.describe('Quantile of the highest level; null where none is at or above 0.5'),
    quantiles: z.record(z.string(), number),
  })
  .meta({ id: 'Prediction' })

const seriesCounts = z.record(z.string(), z.int())

const answer = {
  series: z.array(
    z.object({
      labels: z.record(z.string(), z.string()),
      historyPoints: z.int().describe('Finite values that the model saw'),
      skipped: z.string().exactOptional().describe('Why there is no forecast: too_few_points, value_too_large'),
      history: z.object({ start: instant, values: z.array(number) }).exactOptional(),
      predictions: z.array(predictionView),
    }),
  ),
  metadata: z.object({
    model: z.string(),
    revision: z.string().nullable(),
    stepSeconds: z.number(),
    predictionLength: z.int(),
    quantileLevels: z.array(z.number()),
    seriesCount: z.int(),
    historyPoints: z.int().describe('Finite values of all series together'),
    covariates: z
      .object({ used: seriesCounts, missing: seriesCounts, unvarying: seriesCounts, unknownAhead: seriesCounts })
      .exactOptional()
      .describe('Series by covariate: forecast with it; without it; without it as it never changes; not known ahead'),
    generatedAt: instant,
    warnings: z.array(z.string()),
  }),
}

export const forecastAnswer = z.object(answer).meta({ id: 'ForecastAnswer' })

const forecastView = forecastRecordView.extend(forecastAnswer.partial().shape).meta({ id: 'Forecast' })
export const forecastJobView = forecastRecordView
  .extend({ jobId: z.string(), forecast: forecastAnswer.optional() })
  .meta({ id: 'ForecastJob' })

/** Answers that are sent as they were kept, without being read. */
const sentAsKept = (schema: z.ZodType, description: string) => ({
  200: { description, content: { 'application/json': { schema } } },
  ...problemResponses,
})
export const forecastResponse = sentAsKept(forecastView, 'A forecast; series and metadata once it has succeeded')
export const forecastJobResponse = sentAsKept(forecastJobView, 'A job; forecast once it has succeeded')

export function viewForecast(record: ForecastRecord): z.output<typeof forecastRecordView> {
  const { id, status, model, revision, actor, input, query, datasource, predictionLength, quantileLevels } = record
  const { createdMs, startedMs, endedMs, done, total, error } = record
  return {
    ...{ forecastId: id, status, model, actor, input, predictionLength, quantileLevels: [...quantileLevels] },
    ...(revision !== undefined && { revision }),
    ...(query !== undefined && { query }),
    ...(datasource !== undefined && { datasource }),
    createdAt: toInstant(createdMs),
    ...(startedMs !== undefined && { startedAt: toInstant(startedMs) }),
    ...(endedMs !== undefined && { endedAt: toInstant(endedMs) }),
    ...(done !== undefined && total !== undefined && { progress: { done, total } }),
    ...(error && { error: { code: error.code, message: error.message } }),
  }
}

/** JSON of a record, followed by fields that are JSON already. */
export function withFields(record: object, fields: Buffer | undefined): Buffer {
  const text = JSON.stringify(record)
  return fields ? Buffer.concat([Buffer.from(`${text.slice(0, -1)},`), fields, Buffer.from('}')]) : Buffer.from(text)
}

/** The same within one field. */
export function withField(record: object, name: string, fields: Buffer | undefined): Buffer {
  const field = fields && Buffer.concat([Buffer.from(`${JSON.stringify(name)}:{`), fields, Buffer.from('}')])
  return withFields(record, field)
}
