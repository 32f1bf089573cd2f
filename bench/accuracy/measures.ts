import { extent } from '../../models/extent.ts'
import { pinballLoss } from '../../models/pinball-loss.ts'
import { indexOf, levels } from './levels.ts'
import type { Quantiles } from './references.ts'
import { scaleOf, type Window } from './windows.ts'

/** Of one forecast of one window. */
export interface Measures {
  /** Scaled quantile loss: by the scale of the window. */
  readonly sql: number
  /** Absolute error of the median by the same scale. */
  readonly mase: number
  /** Shares of the observed values within the 80 and the 98 % interval. */
  readonly cover80: number
  readonly cover98: number
  /** Values of the forecast that are not finite, or lie more than ten ranges of the context outside of it. */
  readonly pathological: number
}

const mostRanges = 10

export function measure({ context, ahead, season }: Window, quantiles: Quantiles): Measures {
  const scale = scaleOf(context, season)
  const at = (level: number, h: number) => quantiles[level * ahead.length + h]!
  const sums = { error: 0, in80: 0, in98: 0, observed: 0 }
  for (const [h, value] of ahead.entries()) {
    if (!Number.isFinite(value)) continue
    sums.observed += 1
    sums.error += Math.abs(value - at(indexOf.p50, h))
    if (value >= at(indexOf.p10, h) && value <= at(indexOf.p90, h)) sums.in80 += 1
    if (value >= at(indexOf.p01, h) && value <= at(indexOf.p99, h)) sums.in98 += 1
  }
  const { observed } = sums
  return {
    sql: quantileLoss(quantiles, ahead) / scale,
    mase: sums.error / observed / scale,
    cover80: sums.in80 / observed,
    cover98: sums.in98 / observed,
    pathological: countPathological(context, quantiles),
  }
}

/** Over all levels and observed steps. */
export function quantileLoss(quantiles: Quantiles, ahead: Float64Array): number {
  return pinballLoss({ levels, quantiles, steps: ahead.length }, ahead).mean
}

function countPathological(context: Float64Array, quantiles: Quantiles): number {
  const { low, high } = extent(context)
  const reach = mostRanges * (high - low)
  let count = 0
  for (const value of quantiles) if (!(value >= low - reach && value <= high + reach)) count += 1
  return count
}
