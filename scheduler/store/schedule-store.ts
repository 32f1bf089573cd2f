import type { SchedulePolicy, ScheduleSpec, TickOutcome } from '../planning/types.ts'
import type { FlowName } from '../runs.ts'

export interface ScheduleKey {
  readonly tenant: string
  /** `<mission>.forecast` or `<mission>.detect`. */
  readonly id: string
}

/** What the mission service hands over; equal entries are no change. */
export interface ScheduleEntry extends ScheduleKey {
  readonly mission: string
  readonly flow: FlowName
  readonly spec: ScheduleSpec
  readonly policy: SchedulePolicy
  /** Goes into every job; a change of it alone is an edit that moves no T. */
  readonly bandKey: string
}

/** T's in (sinceMs, untilMs] end as `paused`; without `untilMs` it lasts. */
export interface SchedulePause {
  readonly reason: string
  readonly sinceMs: number
  readonly untilMs?: number
}

/** Spec that was in force up to `untilMs`, kept while some of its T's are not planned yet. */
export interface EarlierSpec {
  readonly spec: ScheduleSpec
  readonly untilMs: number
}

export interface StoredSchedule extends ScheduleEntry {
  /** Grows with every edit and pause; `advance` refuses a decision made for another one. */
  readonly generation: number
  /** Every T at or before this is decided; at creation the instant of the creation. */
  readonly lastNominalMs: number
  /** Oldest first; nearly always empty. */
  readonly earlier: readonly EarlierSpec[]
  readonly pause?: SchedulePause
  /** Start of each run after its T, from the hash of the id; below `policy.startSpreadMs`. */
  readonly spreadMs: number
  /** Score in the due set: when the planner looks at it next; undefined when no T is left. */
  readonly dueMs?: number
}

/** One T that needs no run any more. */
export interface TickMark {
  readonly nominalMs: number
  readonly outcome: TickOutcome
  readonly reason: TickReason
  /** From T to the decision. */
  readonly lagMs: number
  /** `skipped_overlap`: T of the holder. `coalesced`: T that stands for this one. */
  readonly byNominalMs?: number
}

/** Why a tick ended as it did; the position is the stored code, so append only. */
export const tickReasons = [
  'on_time',
  'caught_up',
  'holder_active',
  'newer_due',
  'catch_up_none',
  'catch_up_window',
  'catch_up_limit',
  'start_deadline',
  'paused',
  'calendar',
  'run_lost',
] as const
export type TickReason = (typeof tickReasons)[number]

/** What a decision changes. */
export interface ScheduleAdvance {
  readonly lastNominalMs: number
  /** undefined: no T is left. */
  readonly dueMs: number | undefined
  /** Final outcomes, oldest first. */
  readonly marks: readonly TickMark[]
  /** T's that were enqueued: open until a worker begins or drops them. */
  readonly opened: readonly number[]
}

/** Schedules and when they are due. Everything is one Lua step; the clock is the caller's. */
export interface ScheduleStore {
  /** An unchanged entry changes nothing. An edit keeps T's that are due already; later T's follow the new spec. */
  upsertSchedule(entry: ScheduleEntry, nowMs: number): Promise<'created' | 'updated' | 'unchanged'>
  /** False when there was none. Ticks stay until they age out. */
  removeSchedule(key: ScheduleKey): Promise<boolean>
  /** undefined ends a pause at `nowMs`. False when there is no such schedule. */
  setPaused(key: ScheduleKey, pause: Omit<SchedulePause, 'sinceMs'> | undefined, nowMs: number): Promise<boolean>
  get(key: ScheduleKey): Promise<StoredSchedule | undefined>
  /** Most overdue first. */
  dueBefore(nowMs: number, limit: number): Promise<StoredSchedule[]>
  /** Applies only while due score and generation are those of `schedule`; false otherwise. */
  advance(schedule: StoredSchedule, change: ScheduleAdvance): Promise<boolean>
}
