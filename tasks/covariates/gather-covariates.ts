import { byTurns } from '../../models/by-turns.ts'
import { toAppError } from '../../models/errors.ts'
import type { Covariate } from '../../models/forecaster.ts'
import { type Labels, type Panel, type StepRange, stepsIn } from '../../models/series.ts'
import type { Deps } from '../deps.ts'
import { readPanel } from '../panel/read-panel.ts'
import { type AssessedCovariate, assessCovariate } from './assess-covariate.ts'
import { covariateError } from './covariate-error.ts'
import type { CovariateQuery, CovariateSpec } from './covariate-spec.ts'
import { type CovariateUse, covariateTally } from './covariate-tally.ts'
import { knownRows, knownWindows } from './known-rows.ts'
import { matchCovariate } from './match-covariate.ts'

export interface CovariatesRequest {
  readonly spec: CovariateSpec
  /** Labels of the series that are forecast. */
  readonly targets: readonly Labels[]
  /** Of their contexts. */
  readonly range: StepRange
  readonly stepMs: number
  /** In steps. */
  readonly horizon: number
  /** What the model looks at, in steps: older values are no reason to take a covariate along. */
  readonly maxContext: number
  /** More series of a covariate are TOO_MANY_SERIES. */
  readonly maxSeries: number
  readonly allowOutputs: boolean
}

export interface GatheredCovariates {
  /** Of each target. Targets that share a covariate share its arrays. */
  readonly covariates: readonly (readonly Covariate[])[]
  readonly use: CovariateUse
}

/**
 * Reads and computes covariates, and says which target has which: one that is missing or never changes in the context
 * is left out, and counted.
 * @throws COVARIATE_AMBIGUOUS; what the store answers, with the name of the covariate.
 */
export async function gatherCovariates(
  deps: Pick<Deps, 'reader' | 'metrics' | 'signal'>,
  request: CovariatesRequest,
): Promise<GatheredCovariates> {
  const { spec, targets, maxContext } = request
  const covariates = targets.map((): Covariate[] => [])
  const tally = covariateTally()
  if (targets.length === 0) return { covariates, use: tally.use }
  const add = (target: number, name: string, found: AssessedCovariate | undefined) => {
    tally.count(name, found)
    if (found?.verdict === 'used') covariates[target]!.push(found.covariate)
  }
  // one after the other: each may be as large as the panel itself
  for (const [i, query] of spec.queries.entries()) {
    const panel = await readCovariate(deps, request, query).catch((error: unknown) => {
      deps.signal.throwIfAborted()
      throw covariateError(toAppError(error), { name: query.name, place: i })
    })
    const series = await assessSeries(panel, query, request)
    const rows = matchCovariate(
      query,
      series.map(({ labels }) => labels),
      targets,
    )
    for (const [target, row] of rows.entries()) add(target, query.name, series[row])
  }
  for (const row of computeCovariates(request)) {
    const assessed = assessCovariate(row, maxContext)
    for (const target of targets.keys()) add(target, row.name, assessed)
  }
  const { use } = tally
  const missing = Object.values(use.missing).reduce((sum, count) => sum + count, 0)
  if (missing > 0) deps.metrics.covariatesMissing(missing)
  return { covariates, use }
}

function readCovariate(
  deps: Pick<Deps, 'reader' | 'signal'>,
  { range, stepMs, horizon, maxSeries, allowOutputs }: CovariatesRequest,
  { query, kind }: CovariateQuery,
): Promise<Panel> {
  const untilMs = kind === 'known' ? range.untilMs + horizon * stepMs : range.untilMs
  return readPanel(deps, { query, range: { ...range, untilMs }, stepMs, maxSeries, allowOutputs })
}

type AssessedSeries = AssessedCovariate & { readonly labels: Labels }

// some milliseconds of work; the thread has others to serve
const seriesPerTurn = 128

/** Those with values: one that has none is nobody's. */
async function assessSeries(
  panel: Panel,
  { name, kind }: CovariateQuery,
  { horizon, maxContext }: CovariatesRequest,
): Promise<AssessedSeries[]> {
  const isKnown = kind === 'known'
  const length = panel.length - (isKnown ? horizon : 0)
  const series: AssessedSeries[] = []
  for await (const { labels, values } of byTurns(panel.series, seriesPerTurn)) {
    const assessed = assessCovariate(splitValues({ name, values, length, isKnown }), maxContext)
    if (assessed.verdict !== 'missing') series.push({ ...assessed, labels })
  }
  return series
}

function computeCovariates({ spec, range, stepMs, horizon }: CovariatesRequest): Covariate[] {
  const untilMs = range.untilMs + horizon * stepMs
  const stepsMs = stepsIn({ ...range, untilMs }, stepMs)
  const length = stepsMs.length - horizon
  const windows = knownWindows(spec, { startMs: range.fromMs, endMs: untilMs + stepMs })
  return knownRows(spec, windows, stepsMs).map(({ name, values }) =>
    splitValues({ name, values, length, isKnown: true }),
  )
}

interface WholeRow {
  readonly name: string
  readonly values: Float64Array
  /** Of the context. */
  readonly length: number
  readonly isKnown: boolean
}

function splitValues({ name, values, length, isKnown }: WholeRow): Covariate {
  const past = values.subarray(0, length)
  return isKnown ? { name, past, future: values.subarray(length) } : { name, past }
}
