import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Covariate } from '../../models/forecaster.ts'
import { assessCovariate } from '../covariates/assess-covariate.ts'
import type { CovariateSpec } from '../covariates/covariate-spec.ts'
import { covariateTally } from '../covariates/covariate-tally.ts'
import type { GatheredCovariates } from '../covariates/gather-covariates.ts'
import { type KnownWindows, knownRows, knownWindows } from '../covariates/known-rows.ts'
import { endOf, type Histories } from './history.ts'
import { invalidInput } from './input-problems.ts'

export interface HistoryCovariatesRequest extends Histories {
  /** What is known at any instant; its queries are not asked. */
  readonly spec: CovariateSpec
  /** In steps. */
  readonly horizon: number
  /** What the model looks at, in steps; no history is longer. */
  readonly maxContext: number
}

// those of one end share their rows; each other end has some hundred kilobytes of its own
const mostEnds = 200

/**
 * Covariates of histories: those that they bear themselves, and what the calendar says of their instants.
 * @throws INVALID_PARAMS naming what cannot be computed.
 */
export async function historyCovariates(request: HistoryCovariatesRequest): Promise<GatheredCovariates> {
  const { series, stepMs, maxContext } = request
  const covariates = series.map((): Covariate[] => [])
  const tally = covariateTally()
  const known = await knownByEnd(request)
  for (const [row, { values, covariates: own = [], ...history }] of series.entries()) {
    const shared = known.get(endOf({ ...history, values }, stepMs)) ?? []
    const cut = shared.map((each) => ({ ...each, past: each.past.subarray(each.past.length - values.length) }))
    for (const covariate of [...own, ...cut]) {
      const assessed = assessCovariate(covariate, maxContext)
      tally.count(covariate.name, assessed)
      if (assessed.verdict === 'used') covariates[row]!.push(assessed.covariate)
    }
  }
  return { covariates, use: tally.use }
}

async function knownByEnd(request: HistoryCovariatesRequest): Promise<ReadonlyMap<number, readonly Covariate[]>> {
  const { spec, series, stepMs, horizon } = request
  const { calendar, holidays, events } = spec
  const known = new Map<number, Covariate[]>()
  if (calendar.length + events.length === 0 && !holidays) return known
  const ends = new Set(series.map((history) => endOf(history, stepMs)))
  if (ends.size > mostEnds)
    throw invalidInput('/covariates', `series end at ${ends.size} instants; at most ${mostEnds} with a calendar`)
  const startMs = series.reduce((first, history) => Math.min(first, history.startMs), Number.POSITIVE_INFINITY)
  const windows = knownWindows(spec, { startMs, endMs: Math.max(...ends) + (horizon + 1) * stepMs })
  for (const endMs of ends) {
    known.set(endMs, rowsUntil(endMs, windows, request))
    await nextTurn()
  }
  return known
}

/** As long as the longest history. */
function rowsUntil(
  endMs: number,
  windows: KnownWindows,
  { spec, series, stepMs, horizon }: HistoryCovariatesRequest,
): Covariate[] {
  const length = series.reduce((longest, { values }) => Math.max(longest, values.length), 0)
  const stepsMs = Array.from({ length: length + horizon }, (_, i) => endMs + (i + 1 - length) * stepMs)
  return knownRows(spec, windows, stepsMs).map(({ name, values }) => {
    return { name, past: values.subarray(0, length), future: values.subarray(length) }
  })
}
