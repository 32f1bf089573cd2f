/** When a schedule is due. Interval: T = k * everyMs + phaseMs in UTC. Cron: T = the instant in its zone. */
export type ScheduleSpec =
  | { readonly kind: 'every'; readonly everyMs: number; readonly phaseMs: number }
  | { readonly kind: 'cron'; readonly cron: string; readonly timeZone: string }

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
