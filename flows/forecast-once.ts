import { parseDuration } from '../models/duration.ts'
import type { Forecast } from '../models/forecaster.ts'
import { floorToStep } from '../models/series.ts'
import {
  type Assessment,
  assessHistory,
  historyWarnings,
  leastPoints,
  skipReasons,
} from '../tasks/adhoc/assess-history.ts'
import { chooseLevels } from '../tasks/adhoc/choose-levels.ts'
import { covariateWarnings } from '../tasks/adhoc/covariate-warnings.ts'
import type { SeriesForecast } from '../tasks/adhoc/describe-forecast.ts'
import { forecastHistories } from '../tasks/adhoc/forecast-histories.ts'
import { cutHistory, endOf, type Histories, type History } from '../tasks/adhoc/history.ts'
import { historyCovariates } from '../tasks/adhoc/history-covariates.ts'
import { invalidInput } from '../tasks/adhoc/input-problems.ts'
import { tryParseInstant } from '../tasks/adhoc/instant.ts'
import { rowHistories } from '../tasks/adhoc/row-histories.ts'
import { seriesHistories } from '../tasks/adhoc/series-histories.ts'
import type { CovariateUse } from '../tasks/covariates/covariate-tally.ts'
import { gatherCovariates } from '../tasks/covariates/gather-covariates.ts'
import { takesNoCovariates } from '../tasks/covariates/takes-no-covariates.ts'
import type { Deps } from '../tasks/deps.ts'
import { readPanel } from '../tasks/panel/read-panel.ts'
import { defineFlow } from './flow.ts'
import { type ForecastOnceParams, forecastOnceParams, isStep } from './forecast-once-params.ts'
import { resolveCovariates } from './resolve-covariates.ts'

const defaultStepMs = 300_000
const defaultContext = 2_016
/** Steps of all rows together, gaps included. */
const mostPoints = 5_000_000

/** What whoever runs the flow allows and knows. */
export interface ForecastOnceContext {
  readonly nowMs: number
  /** For requests that name no model. */
  readonly defaultModel: string
  /** Age at which samples of a query count as complete. */
  readonly evalDelayMs?: number
  readonly maxSeries: number
  /** Series x steps x levels. */
  readonly maxValues: number
  readonly onProgress?: (done: number, total: number) => void
}

export interface ForecastOnceResult {
  readonly model: string
  readonly revision?: string
  readonly stepMs: number
  readonly horizon: number
  /** Ascending. */
  readonly levels: readonly number[]
  /** In the order of the input; skipped ones are among them. */
  readonly series: readonly SeriesForecast[]
  /** Finite values of all series together. */
  readonly historyPoints: number
  /** Which covariates there were for how many series; absent without any. */
  readonly covariates?: CovariateUse
  readonly warnings: readonly string[]
}

type OnceDeps = Pick<Deps, 'reader' | 'forecasters' | 'metrics' | 'signal'>

export const forecastOnce = defineFlow({
  name: 'forecast-once',
  description: 'Forecasts the series of a query or of the request itself once; keeps and writes nothing.',
  params: forecastOnceParams,
  run: runForecastOnce,
})

/** @throws INVALID_PARAMS naming the field. */
export async function runForecastOnce(
  deps: OnceDeps,
  params: ForecastOnceParams,
  context: ForecastOnceContext,
): Promise<ForecastOnceResult> {
  const { predictionLength: horizon, model = context.defaultModel } = params
  const levels = chooseLevels(params)
  const forecaster = deps.forecasters.get(model)
  checkCovariates(params, forecaster.takesCovariates ?? false, model)
  const { stepMs, series } = await findHistories(deps, params, context)
  checkForecastSize(series.length * horizon * levels.length, context.maxValues)
  const assessments = series.map((history) => assessHistory(history, forecaster.minContext))
  const rows = [...series.keys()].filter((row) => assessments[row]!.skipped === undefined)
  if (rows.length === 0 && params.query === undefined) throw nothingToForecast(params, assessments)
  const found = await findCovariates(deps, params, {
    ...{ stepMs, horizon, maxSeries: context.maxSeries, maxContext: forecaster.maxContext },
    series: rows.map((row) => series[row]!),
  })
  const forecasts = await forecastHistories(deps, {
    ...{ stepMs, horizon, levels, model, series: found.series, covariates: found.covariates },
    onProgress: (done) => context.onProgress?.(done, rows.length),
  })
  const made = new Map(rows.map((row, i) => [row, forecasts[i]!]))
  return {
    ...{ model, stepMs, horizon, levels },
    ...(found.use && { covariates: found.use }),
    ...(forecaster.revision !== undefined && { revision: forecaster.revision }),
    series: series.map((history, row) =>
      seriesForecast({ history, stepMs, assessment: assessments[row]!, forecast: made.get(row) }, params),
    ),
    historyPoints: assessments.reduce((sum, { points }) => sum + points, 0),
    warnings: [
      ...(series.length === 0 ? ['the query returned no series'] : []),
      ...historyWarnings(series, assessments),
      ...(found.use ? covariateWarnings(found.use) : []),
      ...(params.useCovariates && !found.use ? ['useCovariates: the request has no covariates'] : []),
    ],
  }
}

/**
 * Histories of a request, cut at `asOf`. Those within the request are found without any effect, so its sender hears at
 * once what is wrong with them.
 * @throws INVALID_PARAMS naming the field.
 */
export function inlineHistories(
  { series, rows, step, asOf, predictionLength, ...columns }: ForecastOnceParams,
  nowMs: number,
): Histories | undefined {
  const stepMs = step === undefined ? undefined : parseDuration(step)
  const untilMs = asOf === undefined ? undefined : tryParseInstant(asOf)
  const gridMs = stepMs ?? defaultStepMs
  const found = rows
    ? rowHistories(rows, { columns: rowColumns(columns), stepMs, maxPoints: mostPoints })
    : series &&
      seriesHistories(series, {
        ...{ stepMs: gridMs, horizon: predictionLength },
        endMs: floorToStep(untilMs ?? nowMs, gridMs),
      })
  if (found && !isStep(found.stepMs))
    throw invalidInput('/step', `two rows are ${found.stepMs / 1_000} s apart: write a step from 1s to 366d`)
  return found && { ...found, series: found.series.map((history) => cutHistory(history, found.stepMs, { untilMs })) }
}

/**
 * Whether a request is forecast with covariates, and whether it can be.
 * @throws INVALID_PARAMS naming the field that asks for what the model cannot do.
 */
export function checkCovariates(params: ForecastOnceParams, takesCovariates: boolean, model: string): void {
  const field = params.useCovariates ? '/useCovariates' : findCovariateField(params)
  if (field !== undefined && !takesCovariates) throw invalidInput(field, takesNoCovariates(model))
}

function findCovariateField({ useCovariates, covariates, series }: ForecastOnceParams): string | undefined {
  if (useCovariates === false) return undefined
  if (covariates) return '/covariates'
  const row = series?.findIndex((each) => each.covariates) ?? -1
  return row < 0 ? undefined : `/series/${row}/covariates`
}

type Columns = Pick<ForecastOnceParams, 'idColumn' | 'timestampColumn' | 'targetColumn'>

function rowColumns({ idColumn, timestampColumn = 'timestamp', targetColumn = 'target' }: Columns) {
  return { id: idColumn, timestamp: timestampColumn, target: targetColumn }
}

async function findHistories(
  deps: OnceDeps,
  params: ForecastOnceParams,
  { nowMs, evalDelayMs = 0, maxSeries }: ForecastOnceContext,
): Promise<Histories> {
  const { query, step, context = defaultContext, asOf } = params
  if (query === undefined) return inlineHistories(params, nowMs) ?? { stepMs: defaultStepMs, series: [] }
  const stepMs = step === undefined ? defaultStepMs : parseDuration(step)
  const asOfMs = (asOf === undefined ? undefined : tryParseInstant(asOf)) ?? nowMs
  if (asOfMs > nowMs) throw invalidInput('/asOf', 'lies in the future')
  const untilMs = floorToStep(Math.min(asOfMs, nowMs - evalDelayMs), stepMs)
  const range = { fromMs: untilMs - context * stepMs, untilMs }
  const { startMs, series } = await readPanel(deps, { query, range, stepMs, maxSeries })
  return { stepMs, series: series.map(({ labels, values }) => ({ labels, startMs, values })) }
}

interface Once extends Histories {
  readonly horizon: number
  readonly maxContext: number
  readonly maxSeries: number
}

/** Histories as the model sees them, with their covariates; `use` is undefined where there are none to use. */
async function findCovariates(deps: OnceDeps, params: ForecastOnceParams, once: Once) {
  const { series, stepMs, maxContext } = once
  if (findCovariateField(params) === undefined) return { series, covariates: undefined, use: undefined }
  const spec = resolveCovariates(params.covariates ?? {})
  if (params.query === undefined) {
    const used = series.map((history) => cutHistory(history, stepMs, { length: maxContext }))
    return { series: used, ...(await historyCovariates({ ...once, spec, series: used })) }
  }
  const [first] = series
  const untilMs = first ? endOf(first, stepMs) : 0
  const range = { fromMs: untilMs - (first?.values.length ?? 0) * stepMs, untilMs }
  const targets = series.map(({ labels }) => labels)
  return { series, ...(await gatherCovariates(deps, { ...once, spec, targets, range, allowOutputs: false })) }
}

/** @throws INVALID_PARAMS when series x steps x levels are more than allowed. */
export function checkForecastSize(values: number, most: number): void {
  if (values <= most) return
  throw invalidInput(
    '/predictionLength',
    `series x steps x levels are ${values}; at most ${most}: ask for fewer of them`,
  )
}

/** Series of a query may be too young, those of a request are a mistake of its author. */
function nothingToForecast({ rows }: ForecastOnceParams, assessments: readonly Assessment[]) {
  const [first] = assessments
  const why =
    first?.skipped === skipReasons.tooLarge
      ? 'one is above 1e37'
      : `the first has ${first?.points} finite values, ${leastPoints} are needed at least`
  const detail = `no series can be forecast: ${first?.skipped} (${why})`
  return invalidInput(rows ? '/rows' : '/series/0/values', detail)
}

interface Made {
  readonly history: History
  readonly stepMs: number
  readonly assessment: Assessment
  readonly forecast: Forecast | undefined
}

function seriesForecast(
  { history, stepMs, assessment, forecast }: Made,
  { historyLength }: ForecastOnceParams,
): SeriesForecast {
  const { labels, values } = history
  return {
    ...{ labels, endMs: endOf(history, stepMs), historyPoints: assessment.points },
    history: values.subarray(Math.max(0, values.length - historyLength)),
    ...(forecast && { quantiles: forecast.quantiles, median: forecast.median }),
    ...(assessment.skipped !== undefined && { skipped: assessment.skipped }),
  }
}
