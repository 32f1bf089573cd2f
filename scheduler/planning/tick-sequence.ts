import { nextTick, previousTick } from './schedule-spec.ts'
import type { ScheduleSpec } from './types.ts'

/** What a stored schedule says about its T's. */
interface Sequence {
  readonly spec: ScheduleSpec
  /** Oldest first: specs that were in force up to `untilMs`. */
  readonly earlier: readonly { readonly spec: ScheduleSpec; readonly untilMs: number }[]
}

/** First T after `afterMs`: of an earlier spec while that was in force, then of the present one. */
export function nextNominal({ spec, earlier }: Sequence, afterMs: number): number | undefined {
  let fromMs = afterMs
  for (const era of earlier) {
    if (era.untilMs <= fromMs) continue
    const tickMs = nextTick(era.spec, fromMs)
    if (tickMs !== undefined && tickMs <= era.untilMs) return tickMs
    fromMs = era.untilMs
  }
  return nextTick(spec, fromMs)
}

/** Last T at or before `atMs`. */
export function latestNominal({ spec, earlier }: Sequence, atMs: number): number | undefined {
  const eras = [...earlier, { spec, untilMs: Number.POSITIVE_INFINITY }]
  for (let i = eras.length - 1; i >= 0; i--) {
    const sinceMs = eras[i - 1]?.untilMs ?? Number.NEGATIVE_INFINITY
    if (atMs <= sinceMs) continue
    const tickMs = previousTick(eras[i]!.spec, Math.min(atMs, eras[i]!.untilMs))
    if (tickMs !== undefined && tickMs > sinceMs) return tickMs
  }
  return undefined
}
