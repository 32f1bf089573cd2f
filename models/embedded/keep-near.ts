import type { Forecast } from '../forecaster.ts'

// a line that goes on leaves its context by one range in as many steps; what is ten away is no forecast any more
const rangesAllowed = 10

/**
 * Takes back what lies absurdly far from the context. The network saw few contexts shorter than a patch: after fifteen
 * values on a line its 98 % band ends twenty of their ranges away.
 */
export function keepNear(forecast: Forecast, context: Float64Array): Forecast {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of context) {
    if (!Number.isFinite(value)) continue
    least = Math.min(least, value)
    most = Math.max(most, value)
  }
  const allowed = rangesAllowed * (most - least)
  const bound = (value: number) => Math.min(most + allowed, Math.max(least - allowed, value))
  return { ...forecast, quantiles: forecast.quantiles.map(bound), median: forecast.median.map(bound) }
}
