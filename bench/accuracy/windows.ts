import { extent } from '../../models/extent.ts'
import { finiteShare, type RealSeries } from './sources.ts'

/** A rolling origin: what a forecaster sees, and what came after. */
export interface Window {
  readonly series: RealSeries
  readonly context: Float64Array
  readonly ahead: Float64Array
  /** Steps of a day, of a week for daily values. */
  readonly season: number
}

const dayMs = 86_400_000
const leastFinite = 0.7
const mostAnomalous = 0.02

export function seasonOf(stepMs: number): number {
  return Math.round((stepMs < dayMs ? dayMs : 7 * dayMs) / stepMs)
}

/** Windows spread evenly over a series; those with labelled anomalies, many gaps or a constant context are left out. */
export function windowsOf(series: RealSeries, context: number, horizon: number): Window[] {
  const { values, anomalous, windows, stepMs } = series
  return origins({ length: values.length, context, horizon, count: windows })
    .filter((origin) => {
      if (!anomalous) return true
      const past = anomalous.slice(origin - context, origin).filter(Boolean).length
      return past <= mostAnomalous * context && !anomalous.slice(origin, origin + horizon).includes(true)
    })
    .map((origin) => ({
      ...{ series, season: seasonOf(stepMs) },
      context: values.subarray(origin - context, origin),
      ahead: values.subarray(origin, origin + horizon),
    }))
    .filter(isUsable)
}

interface OriginQuery {
  readonly length: number
  readonly context: number
  readonly horizon: number
  readonly count: number
}

/** First steps ahead. A long series keeps off both of its ends. */
export function origins({ length, context, horizon, count }: OriginQuery): number[] {
  const [first, last] = [context, length - horizon]
  if (last < first) return []
  const isLong = last - first > 3 * count
  const points = isLong ? count + 2 : Math.min(count, last - first + 1)
  const step = points > 1 ? (last - first) / (points - 1) : 0
  const spread = Array.from({ length: points }, (_, i) =>
    i > 0 && i === points - 1 ? last : Math.trunc(i * step + first),
  )
  const distinct = [...new Set(spread)]
  return isLong ? distinct.slice(1, -1) : distinct
}

function isUsable({ context, ahead, season }: Window): boolean {
  if (finiteShare(context) < leastFinite || finiteShare(ahead) < leastFinite) return false
  const { low, high } = extent(context)
  const most = Math.max(Math.abs(low), Math.abs(high))
  return high - low > 1e-9 * Math.max(1, most) && scaleOf(context, season) > 1e-9 * (most + 1e-12)
}

/** Mean change over a season within the context, or over a step where two seasons do not fit. */
export function scaleOf(context: Float64Array, season: number): number {
  const lag = 2 * season <= context.length ? season : 1
  let [sum, count] = [0, 0]
  for (let i = lag; i < context.length; i++) {
    const change = Math.abs(context[i]! - context[i - lag]!)
    if (!Number.isFinite(change)) continue
    sum += change
    count += 1
  }
  return sum / count
}
