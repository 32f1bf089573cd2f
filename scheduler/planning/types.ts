import type { StepRange } from '../../models/series.ts'

/** T = k * everyMs + phaseMs in UTC. */
export interface IntervalTimes {
  readonly kind: 'every'
  readonly everyMs: number
  readonly phaseMs: number
}

/** T = the instants of an expression in its zone. */
export interface CronTimes {
  readonly kind: 'cron'
  readonly cron: string
  readonly timeZone: string
  /**
   * What becomes of a time of the day that the clocks leave out when they go forward. `shift`, the default: due right after
   * the gap. When they go back, a single time is due once and the times of a list or step are due twice, either way.
   */
  readonly dst?: 'shift' | 'skip'
}

/** T = these instants and no others; ascending. */
export interface ListedTimes {
  readonly kind: 'at'
  readonly atMs: readonly number[]
}

/** No T lies before the start, after the end, or within an exclusion (closed at the left, open at the right). */
export interface ScheduleBounds {
  readonly startMs?: number
  readonly endMs?: number
  readonly exclude?: readonly StepRange[]
}

export type ScheduleTimes = IntervalTimes | CronTimes | ListedTimes

/** When a schedule is due. */
export type ScheduleSpec = ScheduleTimes & ScheduleBounds

export type Overlap = 'skip' | 'bufferLatest' | 'allow'
export type CatchUp = 'none' | 'latest' | 'all'

export interface SchedulePolicy {
  readonly overlap: Overlap
  readonly catchUp: CatchUp
  /** Ticks older than this are not caught up. */
  readonly catchUpWindowMs: number
  /** Most ticks that catch-up `all` enqueues after an outage. */
  readonly maxCatchUpTicks: number
  /** A run that has not begun this long after its T, or after it was enqueued where that is later, is `expired`. */
  readonly startDeadlineMs: number
  /** Per attempt. */
  readonly timeoutMs: number
  readonly maxAttempts: number
  /** First wait between attempts; doubles. */
  readonly backoffMs: number
  /** Starts are spread over this much by a stable hash; T stays on the grid. */
  readonly startSpreadMs: number
  /** So many runs that failed one after the other pause the schedule. Absent: none do. */
  readonly pauseAfterFailures?: number
}

/**
 * One stretch of a mission's forecast schedule. The last era is in force. An edit at `now` ends the era before it at
 * the boundary of that era's latest T <= now; the new one owns every step after `ownsFromMs`.
 */
export interface ScheduleEra {
  readonly spec: ScheduleSpec
  readonly stepMs: number
  readonly leadMs: number
  /** First T of this era: the latest T of its spec at or before the edit. Owns from `ownsFromMs`, whatever its own start. */
  readonly firstMs: number | undefined
  /** Last boundary of the era before; undefined for the first era, which owns from for ever. */
  readonly ownsFromMs: number | undefined
}

/** Final outcomes, exactly one per tick; `buffered` is interim. */
export type TickOutcome =
  | 'run'
  | 'skipped_overlap'
  | 'coalesced'
  | 'missed'
  | 'expired'
  | 'paused'
  | 'calendar'
  | 'buffered'
