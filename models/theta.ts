import { errorsAt, type Knot } from './error-knots.ts'
import type { Forecast, Forecaster, ForecastRequest } from './forecaster.ts'
import { quantilesOf } from './quantiles.ts'
import { firstError, fitTheta, type ThetaFit } from './theta-rule.ts'
import { longestContext, usualSeasonsMs } from './usual-seasons.ts'

export interface ThetaOptions {
  /** The first of more than one step is the season. Default: a day and a week. */
  readonly seasonsMs?: readonly number[]
}

/**
 * Exponential smoothing with half of the linear drift, on values less their season. The bands are quantiles of what the smoothed
 * level got wrong over the same distance in the context, moved so that their mean is the rule's path: half of the drift
 * is what the rule adds, and the errors show all of it. Normal bands, as they are usual for it, cost a fifth more quantile loss.
 */
export function theta({ seasonsMs = usualSeasonsMs }: ThetaOptions = {}): Forecaster {
  return {
    name: 'theta',
    minContext: 1,
    maxContext: longestContext,
    async forecast(request, signal) {
      const season = seasonsMs.map((ms) => Math.round(ms / request.stepMs)).find((steps) => steps > 1) ?? 1
      return request.contexts.map((context) => {
        signal?.throwIfAborted()
        return forecastSeries(context.subarray(-longestContext), request, season)
      })
    },
    close: async () => {},
  }
}

function forecastSeries(context: Float64Array, { horizon, levels }: ForecastRequest, season: number): Forecast {
  const quantiles = new Float64Array(levels.length * horizon).fill(Number.NaN)
  const median = new Float64Array(horizon).fill(Number.NaN)
  const origin = context.findIndex(Number.isFinite)
  if (origin < 0) return { levels, quantiles, median }
  const { values, base, unit } = normalise(context.subarray(origin))
  const fit = fitTheta(values, season)
  const seen = 1 + values.findLastIndex(Number.isFinite)
  // a trend is believed for as long as it was seen
  const distanceOf = (h: number) => Math.min(h + values.length - seen, seen)
  const knots = errorKnots(fit, [...levels, 0.5], distanceOf(horizon))
  for (let h = 1; h <= horizon; h++) {
    const path = fit.levels.at(-1)! + fit.drift * distanceOf(h) + fit.cycleAt(h)
    const errors = errorsAt(knots, distanceOf(h))
    for (let i = 0; i < levels.length; i++) quantiles[i * horizon + h - 1] = base + unit * (path + errors[i]!)
    median[h - 1] = base + unit * (path + errors[levels.length]!)
  }
  return { levels, quantiles, median }
}

/** Values within [-1, 1] of which none is lost or squared beyond what a number can hold; gaps are NaN. */
function normalise(context: Float64Array) {
  const base = context[0]!
  let unit = 0
  for (const value of context) if (Number.isFinite(value)) unit = Math.max(unit, Math.abs(value - base))
  const values = context.map((value) => {
    if (!Number.isFinite(value)) return Number.NaN
    return unit === 0 ? 0 : (value - base) / unit
  })
  return { values, base, unit }
}

/** Quantiles around their mean over 1, 2, 4... steps, as far as a quarter of the context still tells. */
function errorKnots({ adjusted, levels: smoothed }: ThetaFit, levels: readonly number[], stepsAhead: number): Knot[] {
  const knots: Knot[] = []
  const scratch = new Float64Array(adjusted.length)
  for (let distance = 1; distance === 1 || 4 * distance <= adjusted.length; distance *= 2) {
    let count = 0
    let sum = 0
    for (let i = firstError(adjusted.length - distance); i < adjusted.length - distance; i++) {
      const error = adjusted[i + distance]! - smoothed[i]!
      if (!Number.isFinite(error)) continue
      scratch[count++] = error
      sum += error
    }
    const quantiles = quantilesOf(scratch.subarray(0, count), levels)
    if (count > 0) knots.push({ distance, quantiles: quantiles.map((quantile) => quantile - sum / count) })
    if (distance >= stepsAhead) break
  }
  return knots.length > 0 ? knots : [{ distance: 1, quantiles: new Float64Array(levels.length) }]
}
