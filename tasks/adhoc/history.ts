import type { Covariate } from '../../models/forecaster.ts'
import type { Labels } from '../../models/series.ts'
import { longestContext } from '../../models/usual-seasons.ts'

/** One series to forecast once: value i is at `startMs + i * stepMs`; a gap is NaN. Series need not end together. */
export interface History {
  readonly labels: Labels
  readonly startMs: number
  readonly values: Float64Array
  /** That it bears itself: each as long as it is. */
  readonly covariates?: readonly Covariate[]
}

/** Histories on grids of one step. */
export interface Histories {
  readonly stepMs: number
  readonly series: readonly History[]
}

/** Longest history that any model uses, in steps. */
export const longestHistory = longestContext

/** Instant of the last value. */
export const endOf = ({ startMs, values }: History, stepMs: number): number => startMs + (values.length - 1) * stepMs

/** The values at or before an instant, at most the newest `length` of them. */
export function cutHistory(
  history: History,
  stepMs: number,
  { untilMs = Number.POSITIVE_INFINITY, length = longestHistory }: { untilMs?: number | undefined; length?: number },
): History {
  const { startMs, values, covariates } = history
  const end = Math.min(values.length, Math.max(0, Math.floor((untilMs - startMs) / stepMs) + 1))
  const from = Math.max(0, end - length)
  if (from === 0 && end === values.length) return history
  return {
    ...history,
    ...{ startMs: startMs + from * stepMs, values: values.subarray(from, end) },
    ...(covariates && { covariates: covariates.map((covariate) => cutCovariate(covariate, from, end)) }),
  }
}

/** What lies behind the cut is what is known ahead, where anything is. */
function cutCovariate({ name, past, future }: Covariate, from: number, end: number): Covariate {
  const kept = { name, past: past.subarray(from, end) }
  if (!future) return kept
  const ahead = Float64Array.of(...past.subarray(end, end + future.length), ...future)
  return { ...kept, future: ahead.subarray(0, future.length) }
}
