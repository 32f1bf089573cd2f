import type { ForecastOnceInput } from '../../../flows/forecast-once-params.ts'
import { AppError, type ErrorCode } from '../../../models/errors.ts'
import { isModelPath } from '../../../models/registry.ts'
import { apiOptions } from '../api-client.ts'
import { type OptionValues, usageError } from '../command.ts'
import { configOptions } from '../config.ts'
import { type Format, formats } from './formats.ts'
import { readCovariates } from './read-covariates.ts'

export const options = {
  promql: { type: 'string', short: 'q', value: 'QUERY', help: 'series of a PromQL or MetricsQL expression' },
  input: { type: 'string', short: 'i', value: 'FILE|-', help: 'series of a .csv or .ndjson file (or of stdin)' },
  model: { type: 'string', short: 'm', value: 'NAME|PATH', help: 'forecaster; default: the configured one' },
  horizon: { type: 'string', short: 'n', value: 'STEPS', help: 'steps ahead, 1 to 1024; default 64' },
  quantiles: { type: 'string', value: 'LEVELS', help: 'default 0.1,0.5,0.9' },
  confidence: { type: 'string', value: 'SHARE', help: 'in place of --quantiles: 0.8 asks for 0.1,0.5,0.9' },
  covariates: { type: 'string', value: 'FILE', help: 'YAML: calendar, holidays, events, and queries beside --promql' },
  step: { type: 'string', value: 'DURATION', help: 'of the grid; default 5m, for CSV as its rows lie' },
  context: { type: 'string', value: 'STEPS', help: 'history that a query reads; default 2016' },
  'as-of': { type: 'string', value: 'TIME', help: 'forecast as at 2026-01-31T12:00:00Z, without what came later' },
  store: { type: 'string', value: 'URL', help: 'ask this store from here, in place of the API' },
  datasource: { type: 'string', value: 'NAME', help: 'of the API or the configuration; default: the first' },
  'id-column': { type: 'string', value: 'NAME', help: 'of a CSV: which series; default id, where there is one' },
  'time-column': { type: 'string', value: 'NAME', help: 'of a CSV; default timestamp, time, date or ds' },
  'target-column': { type: 'string', value: 'NAME', help: 'of a CSV: the value; default target, value or y' },
  output: { type: 'string', short: 'o', value: formats.join('|'), help: 'default: chart' },
  png: { type: 'string', value: 'FILE', help: 'the charts as a picture, FILE.png' },
  charts: { type: 'string', value: 'COUNT', help: 'series that are drawn; default 3' },
  ...configOptions,
  ...apiOptions,
} as const
export type Values = OptionValues<typeof options>

export type Request = Omit<ForecastOnceInput, 'query' | 'series' | 'rows'>

/** What a request says beside its series. @throws INVALID_PARAMS naming the option. */
export function readRequest(values: Values, format: Format): Request {
  const { model, datasource, step, quantiles, confidence } = values
  const predictionLength = readCount(values, 'horizon') ?? 64
  const context = readCount(values, 'context')
  const isDrawn = format === 'chart' || values.png !== undefined
  return {
    predictionLength,
    ...(model !== undefined && { model }),
    ...(datasource !== undefined && { datasource }),
    ...(values.covariates !== undefined && { covariates: readCovariates(values.covariates) }),
    ...(step !== undefined && { step }),
    ...(context !== undefined && { context }),
    ...(values['as-of'] !== undefined && { asOf: values['as-of'] }),
    ...(quantiles !== undefined && {
      quantileLevels: quantiles.split(',').map((text) => readNumber('quantiles', text)),
    }),
    ...(confidence !== undefined && { confidenceLevel: readNumber('confidence', confidence) }),
    // twice as much past as future
    ...(isDrawn && { historyLength: Math.min(2_016, Math.max(60, 2 * predictionLength)) }),
  }
}

export function readFormat({ output = 'chart' }: Values): Format {
  const format = formats.find((name) => name === output)
  if (!format) throw usageError('forecast', `-o ${output}: write one of ${formats.join(', ')}`)
  return format
}

/** There is one kind of picture, and its name says so. */
export function checkPicture({ png }: Values): void {
  if (png !== undefined && !/\.png$/i.test(png))
    throw usageError('forecast', `--png ${png}: pictures are PNG files: write a name that ends with .png`)
}

function readNumber(option: string, text: string): number {
  const number = Number(text)
  if (text.trim() === '' || !Number.isFinite(number))
    throw usageError('forecast', `--${option}: "${text}" is no number`)
  return number
}

export function readCount(values: Values, option: 'horizon' | 'context' | 'charts'): number | undefined {
  const text = values[option]
  if (text === undefined) return undefined
  const count = readNumber(option, text)
  if (!Number.isInteger(count) || count < 1)
    throw usageError('forecast', `--${option} ${text}: write a whole number from 1 on`)
  return count
}

/** The options that fields of a request come from. */
const optionOf: Readonly<Record<string, string>> = {
  predictionLength: 'horizon',
  quantileLevels: 'quantiles',
  confidenceLevel: 'confidence',
  asOf: 'as-of',
  query: 'promql',
  ...{ idColumn: 'id-column', timestampColumn: 'time-column', targetColumn: 'target-column' },
  ...{ covariates: 'covariates', model: 'model', step: 'step', context: 'context', datasource: 'datasource' },
}

/** What only whoever wrote the option can mend; the API has it in a field as well, a store and a worker do not. */
const optionOfCode: Partial<Record<ErrorCode, string>> = {
  MODEL_UNKNOWN: 'model',
  MODEL_MISSING: 'model',
  MODEL_FORBIDDEN: 'model',
  QUERY_REJECTED: 'promql',
}

/** The same error with options in place of fields of a request. */
export function namingOptions(error: AppError, { model = '' }: Partial<Pick<Values, 'model'>>): AppError {
  const { code, message } = error
  const isWrongPath = code === 'MODEL_INVALID' && isModelPath(model)
  const option = isWrongPath ? 'model' : optionOfCode[code]
  if (option !== undefined) return new AppError('INVALID_PARAMS', `--${option}: ${message}`, { cause: error })
  if (code !== 'INVALID_PARAMS') return error
  const named = message
    .replace(/^the body does not fit: /, '')
    .replaceAll(/\/(\w+)(?:\/\d+)?(\/[^\s:;]+)?(?=: )/g, (text, field: string, below = '') => {
      const option = optionText(field)
      return option === undefined ? text : `${option}${below.replace('/', ' ')}`
    })
    // names of two words are no words of a sentence
    .replaceAll(/\b[a-z]+[A-Z]\w+\b/g, (word) => optionText(word) ?? word)
  return new AppError(code, named, { cause: error })
}

function optionText(field: string): string | undefined {
  return Object.hasOwn(optionOf, field) ? `--${optionOf[field]}` : undefined
}
