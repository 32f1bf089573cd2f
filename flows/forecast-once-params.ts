import { z } from 'zod'
import { tryParseDuration } from '../models/duration.ts'
import { tryParseInstant } from '../tasks/adhoc/instant.ts'
import { covariateName, covariatesDocument } from './covariates-document.ts'

const longestStepMs = 366 * 86_400_000
/** Also of the step that rows tell. */
export const isStep = (ms: number | undefined): boolean => isWithin(ms, 1_000, longestStepMs)

const step = z
  .string()
  .max(100)
  .refine((text) => isStep(tryParseDuration(text)), {
    error: 'write a duration from 1s to 366d: 30s, 5m, 1h or PT5M',
  })

const instant = z
  .union([z.string().max(40), z.number()])
  .refine((value) => tryParseInstant(value) !== undefined, {
    error: 'write 2026-01-31T12:00:00Z, 2026-01-31 or a Unix time',
  })
  .describe('RFC 3339; a number is Unix seconds, from 1e11 on milliseconds')

const labels = z
  .record(z.string().min(1).max(200), z.string().max(2_000))
  .refine((set) => Object.keys(set).length <= 64, { error: 'at most 64 labels' })

const column = z.string().min(1).max(200)

// each of a million values is looked at later on, and the first wrong ones are named
const values = z
  .array(z.unknown())
  .max(100_000)
  .meta(itemsOf({ type: ['number', 'null'] }))

const inlineCovariate = z.strictObject({
  name: covariateName,
  past: values.describe('As many as its series has, null for a gap'),
  future: values.max(1_024).exactOptional().describe('What is known ahead: predictionLength values, null for a gap'),
})

const inlineSeries = z.strictObject({
  labels: labels.default({}),
  start: instant.exactOptional().describe('Instant of the first value; default: the last is at asOf, else now'),
  values,
  covariates: z.array(inlineCovariate).max(16).exactOptional().describe('What the model may look at beside the values'),
})

const isShare = (share: number): boolean => share > 0 && share < 1
const share = { exclusiveMinimum: 0, exclusiveMaximum: 1 } as const

/** What a forecast that nobody registered is asked with; everything as its author wrote it. */
export const forecastOnceParams = z
  .strictObject({
    query: z.string().trim().min(1).max(16_384).exactOptional().describe('PromQL or MetricsQL: one of three inputs'),
    datasource: z.string().max(200).exactOptional().describe('Where the query is asked; default: the first'),
    context: z.int().min(5).max(20_160).exactOptional().describe('Steps of history the query reads; default 2016'),
    series: z
      .array(z.unknown())
      .min(1)
      .max(10_000)
      .pipe(z.array(inlineSeries))
      .exactOptional()
      .describe('Series with their values, null for a gap: one of three inputs'),
    rows: z
      .array(z.unknown())
      .min(1)
      .max(1_000_000)
      .meta(itemsOf({ type: 'object' }))
      .exactOptional()
      .describe('A long table, one value a row, in order of time: one of three inputs'),
    idColumn: column.exactOptional().describe('Of rows: which series; default id where there is one'),
    timestampColumn: column.exactOptional().describe('Of rows; default timestamp'),
    targetColumn: column.exactOptional().describe('Of rows: the value; default target'),
    step: step.exactOptional().describe('Grid; default 5m, with rows the shortest distance of two'),
    predictionLength: z.int().min(1).max(1_024).default(64).describe('Steps ahead'),
    quantileLevels: z
      .array(z.number().meta(share))
      .min(1)
      .max(21)
      .refine((levels) => levels.every(isShare), { error: 'levels lie between 0 and 1: 0.9 for 90 %' })
      .refine((levels) => new Set(levels).size === levels.length, { error: 'give every level once' })
      .exactOptional()
      .describe('Default 0.1, 0.5, 0.9'),
    confidenceLevel: z
      .number()
      .meta(share)
      .refine(isShare, { error: 'lies between 0 and 1: 0.9 for 90 %' })
      .exactOptional()
      .describe('In place of quantileLevels: 0.8 asks for 0.1, 0.5 and 0.9'),
    model: z.string().min(1).max(1_000).exactOptional().describe('Forecaster; default: the configured one'),
    covariates: covariatesDocument
      .exactOptional()
      .describe('As of missions: calendar, holidays, events, and queries beside query'),
    useCovariates: z.boolean().exactOptional().describe('false leaves them aside. Default: whether there are any'),
    asOf: instant.exactOptional().describe('Forecast as at this instant: what came later is not looked at'),
    historyLength: z.int().min(0).max(2_016).default(0).describe('Newest values to repeat in the answer, per series'),
  })
  .superRefine((params, check) => {
    for (const [path, message] of contradictions(params)) check.addIssue({ code: 'custom', path: [path], message })
  })
  .meta({ id: 'ForecastRequest' })
export type ForecastOnceParams = z.output<typeof forecastOnceParams>
export type ForecastOnceInput = z.input<typeof forecastOnceParams>

type Given = Readonly<Partial<Record<string, unknown>>>

const inputs = ['query', 'series', 'rows'] as const
const fieldsOf: Readonly<Record<(typeof inputs)[number], readonly string[]>> = {
  query: ['datasource', 'context'],
  series: [],
  rows: ['idColumn', 'timestampColumn', 'targetColumn'],
}

function contradictions(params: Given): [path: string, message: string][] {
  const given = inputs.filter((name) => params[name] !== undefined)
  const [first, second] = given
  if (first === undefined) return [['query', 'is missing: give one of query, series and rows']]
  if (second !== undefined) return [[second, `give ${first} or ${second}, not both`]]
  const found: [string, string][] = []
  for (const input of inputs) {
    if (input === first) continue
    for (const field of fieldsOf[input]) if (params[field] !== undefined) found.push([field, `needs ${input}`])
  }
  if (first !== 'query' && Object(params.covariates).queries !== undefined)
    found.push(['covariates', 'queries need query: of series and rows the store knows nothing'])
  if (params.quantileLevels !== undefined && params.confidenceLevel !== undefined)
    found.push(['confidenceLevel', 'give quantileLevels or confidenceLevel, not both'])
  return found
}

/** What the JSON schema says of elements that are looked at later on. */
function itemsOf(items: Readonly<Record<string, unknown>>) {
  return { items } as const
}

function isWithin(value: number | undefined, least: number, most: number): boolean {
  return value !== undefined && value >= least && value <= most
}
