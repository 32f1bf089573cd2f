import type { Forecast } from '../../models/forecaster.ts'
import type { BandRows } from '../deps.ts'

/** The quantile levels that a band is made of. */
export const edgeLevels: readonly number[] = [0.005, 0.995]

// an alert edge, no confidence interval: a quiet series leaves its 99 % interval 14 times a day at one-minute steps
const widening = 1.5

/**
 * The band of forecasts made for `edgeLevels`, by step: pred is the median, each edge lies half as far again from it
 * as its quantile does. lower <= pred <= upper always; where any of them is not finite, none is.
 */
export function calibrateBand(forecasts: readonly Forecast[], horizon: number): BandRows[] {
  const steps = Array.from({ length: horizon }, () => emptyRows(forecasts.length))
  for (const [row, { median, quantiles, levels }] of forecasts.entries()) {
    const top = (levels.length - 1) * horizon
    for (let h = 0; h < horizon; h++) {
      const pred = median[h]!
      const lower = pred - widening * Math.max(0, pred - quantiles[h]!)
      const upper = pred + widening * Math.max(0, quantiles[top + h]! - pred)
      // beyond single precision there is no band
      if (!Number.isFinite(Math.fround(upper) - Math.fround(lower))) continue
      const rows = steps[h]!
      rows.pred[row] = pred
      rows.lower[row] = lower
      rows.upper[row] = upper
    }
  }
  return steps
}

const emptyRows = (length: number): BandRows => ({
  pred: new Float32Array(length).fill(Number.NaN),
  lower: new Float32Array(length).fill(Number.NaN),
  upper: new Float32Array(length).fill(Number.NaN),
})
