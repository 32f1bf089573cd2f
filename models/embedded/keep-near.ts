import { extent } from '../extent.ts'
import type { Forecast } from '../forecaster.ts'

// a line that goes on leaves its context by one range in as many steps; what is ten away is no forecast any more
const rangesAllowed = 10

/**
 * Takes back what lies absurdly far from the context. The network saw few contexts shorter than a patch: after fifteen
 * values on a line its 98 % band ends twenty of their ranges away.
 */
export function keepNear(forecast: Forecast, context: Float64Array): Forecast {
  const { low, high } = extent(context)
  const allowed = rangesAllowed * (high - low)
  const bound = (value: number) => Math.min(high + allowed, Math.max(low - allowed, value))
  return { ...forecast, quantiles: forecast.quantiles.map(bound), median: forecast.median.map(bound) }
}
