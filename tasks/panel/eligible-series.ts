import type { Panel } from '../../models/series.ts'
import type { Skip } from '../deps.ts'

const recentMs = 86_400_000

/** Why a series that was read is not forecast. */
export const skipReasons = {
  tooFewPoints: 'too_few_points',
  noRecentValue: 'no_recent_value',
  tooLarge: 'value_too_large',
} as const

export interface SkippedRow extends Skip {
  readonly row: number
}

export interface Eligibility {
  /** Rows of the panel that are forecast, in order. */
  readonly rows: readonly number[]
  readonly skipped: readonly SkippedRow[]
}

// bands are kept as 32-bit floats, and an edge may lie well beyond the values
const largestValue = 1e37

/**
 * A series is forecast with `minPoints` finite values in the context, one in its last 24 hours, and none above 1e37. What
 * is masked is not learnt from, but shows that a series is there.
 */
export function eligibleSeries({ series, length, stepMs }: Panel, minPoints: number, mask?: Float64Array): Eligibility {
  const recentFrom = Math.max(0, length - Math.ceil(recentMs / stepMs))
  const rows: number[] = []
  const skipped: SkippedRow[] = []
  for (const [row, { values }] of series.entries()) {
    const points = countFinite(values, mask)
    if (points < minPoints) skipped.push({ row, reason: skipReasons.tooFewPoints, points })
    else if (countFinite(values.subarray(recentFrom)) === 0) skipped.push({ row, reason: skipReasons.noRecentValue })
    else if (hasTooLarge(values, mask)) skipped.push({ row, reason: skipReasons.tooLarge })
    else rows.push(row)
  }
  return { rows, skipped }
}

function hasTooLarge(values: Float64Array, mask?: Float64Array): boolean {
  for (let i = 0; i < values.length; i++) if (Math.abs(values[i]!) > largestValue && mask?.[i] !== 1) return true
  return false
}

export function countFinite(values: Float64Array, mask?: Float64Array): number {
  let count = 0
  for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i]) && mask?.[i] !== 1) count += 1
  return count
}
