import { errorsAt, type Knot } from './error-knots.ts'
import type { Forecast, Forecaster, ForecastRequest } from './forecaster.ts'
import { quantilesOf } from './quantiles.ts'
import { longestContext, usualSeasonsMs } from './usual-seasons.ts'

export interface SeasonalNaiveOptions {
  /** Seasons to try; one counts when two of it fit in the context. Default: a day and a week. */
  readonly seasonsMs?: readonly number[]
}

/**
 * The accuracy floor: every step repeats the value one season before (k seasons where the horizon is longer), gaps
 * filled from earlier seasons, moved by the quantiles of what this rule got wrong over the same distance in the context.
 * The season is the one that erred least half a horizon ahead. A season of one step always competes: the last value
 * is the forecast, and it is all there is in a context shorter than two days.
 */
export function seasonalNaive({ seasonsMs = usualSeasonsMs }: SeasonalNaiveOptions = {}): Forecaster {
  return {
    name: 'seasonal-naive',
    minContext: 1,
    maxContext: longestContext,
    async forecast(request, signal) {
      const scratch = { filled: new Float64Array(longestContext), errors: new Float64Array(longestContext) }
      return request.contexts.map((context) => {
        signal?.throwIfAborted()
        const values = context.subarray(-longestContext)
        const seasons = seasonsMs.map((ms) => Math.round(ms / request.stepMs))
        return forecastSeries({ values, ...scratch }, request, seasons)
      })
    },
    close: async () => {},
  }
}

interface Series {
  readonly values: Float64Array
  /** Scratch: the values with every gap filled from the season before. */
  readonly filled: Float64Array
  /** Scratch: errors of the rule over some lag, at most one per value. */
  readonly errors: Float64Array
}

function forecastSeries(series: Series, { horizon, levels }: ForecastRequest, seasons: readonly number[]): Forecast {
  const { values, filled } = series
  const quantiles = new Float64Array(levels.length * horizon).fill(Number.NaN)
  const median = new Float64Array(horizon).fill(Number.NaN)
  const last = values.findLastIndex(Number.isFinite)
  if (last < 0) return { levels, quantiles, median }
  const gap = values.length - 1 - last
  const season = chooseSeason(series, seasons, horizon)
  fillGaps(series, season)
  const knots = errorKnots(series, {
    season,
    levels: [...levels, 0.5],
    seasonsAhead: Math.ceil((horizon + gap) / season),
  })
  fillUnseen(series, values[last]!)
  for (let h = 1; h <= horizon; h++) {
    const base = filled[values.length - 1 + h - Math.ceil(h / season) * season]!
    // a gap at the end makes the last value that much older
    const errors = errorsAt(knots, Math.ceil((h + gap) / season))
    for (let i = 0; i < levels.length; i++) quantiles[i * horizon + h - 1] = base + errors[i]!
    median[h - 1] = base + errors[levels.length]!
  }
  return { levels, quantiles, median }
}

function chooseSeason(series: Series, seasons: readonly number[], horizon: number): number {
  const { length } = series.values
  const distance = Math.max(1, Math.min(Math.ceil(horizon / 2), Math.floor(length / 2)))
  let chosen = 1
  let least = Number.POSITIVE_INFINITY
  for (const season of [...seasons.filter((steps) => steps > 1 && 2 * steps <= length), 1]) {
    fillGaps(series, season)
    const errors = errorsOver(series, Math.ceil(distance / season) * season)
    // a few pairs say nothing about a season
    if (season > 1 && 2 * errors.length < season) continue
    const error = meanAbsolute(errors)
    if (error < least) {
      chosen = season
      least = error
    }
  }
  return chosen
}

function fillGaps({ values, filled }: Series, season: number): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    filled[i] = Number.isFinite(value) ? value : i < season ? Number.NaN : filled[i - season]!
  }
}

/** Hours of the day that never had a value repeat the one before them. */
function fillUnseen({ values, filled }: Series, last: number): void {
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(filled[i])) filled[i] = i === 0 ? last : filled[i - 1]!
  }
}

/** What repeating the value `lag` steps before got wrong. */
function errorsOver({ values, filled, errors }: Series, lag: number): Float64Array {
  let count = 0
  for (let i = lag; i < values.length; i++) {
    const error = values[i]! - filled[i - lag]!
    if (Number.isFinite(error)) errors[count++] = error
  }
  return errors.subarray(0, count)
}

function meanAbsolute(values: Float64Array): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += Math.abs(values[i]!)
  return sum / values.length
}

interface ErrorQuery {
  readonly season: number
  readonly levels: readonly number[]
  readonly seasonsAhead: number
}

/** Quantiles over 1, 2, 4... seasons, as far as half the context still tells. */
function errorKnots(series: Series, { season, levels, seasonsAhead }: ErrorQuery): Knot[] {
  const knots: Knot[] = []
  for (let seasons = 1; seasons === 1 || 2 * seasons * season <= series.values.length; seasons *= 2) {
    const errors = errorsOver(series, seasons * season)
    if (errors.length > 0) knots.push({ distance: seasons, quantiles: quantilesOf(errors, levels) })
    if (seasons >= seasonsAhead) break
  }
  return knots.length > 0 ? knots : [{ distance: 1, quantiles: new Float64Array(levels.length) }]
}
