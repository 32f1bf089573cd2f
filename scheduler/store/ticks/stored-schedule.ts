import { isDeepStrictEqual } from 'node:util'
import { startDelayMs } from '../../planning/schedule-spec.ts'
import { nextNominal } from '../../planning/tick-sequence.ts'
import type { SchedulePolicy, ScheduleSpec } from '../../planning/types.ts'
import type { FlowName } from '../../queue/runs.ts'
import type { ScheduleDocument } from '../../schedules/document.ts'
import { isPauseOn, type Pause } from '../pause.ts'
import { type ScheduleKey, scheduleMember } from './schedule-keys.ts'

/** What the services of missions and schedules hand over; equal entries are no change. */
export interface ScheduleEntry extends ScheduleKey {
  /** '' for a schedule of its own. */
  readonly mission: string
  /** Pool of its runs; of a mission's schedule also what they do. */
  readonly flow: FlowName
  readonly spec: ScheduleSpec
  readonly policy: SchedulePolicy
  /** Goes into every job; a change of it alone is an edit that moves no T. */
  readonly bandKey: string
  /** As its author wrote it, for one that no mission has. */
  readonly own?: ScheduleDocument
  /** Those of its mission, where that has some: calendars choose by them. */
  readonly labels?: Labels
}

type Labels = Readonly<Record<string, string>>

export const labelsOf = ({ own, labels }: Pick<ScheduleEntry, 'own' | 'labels'>): Labels | undefined =>
  own ? own.labels : labels

/** Its T's end as `paused`. */
export type SchedulePause = Pause

/** Spec that was in force up to `untilMs`, kept while some of its T's are not planned yet. */
export interface EarlierSpec {
  readonly spec: ScheduleSpec
  readonly untilMs: number
}

export type PauseRequest = Omit<SchedulePause, 'sinceMs'>

/** Where a schedule stands; kept beside its document. */
export interface SchedulePosition {
  /** Grows with every edit and pause; `advance` refuses a decision made for another one. */
  readonly generation: number
  /** Every T at or before this is decided; at creation the instant of the creation. */
  readonly lastNominalMs: number
}

export interface StoredSchedule extends ScheduleEntry, SchedulePosition {
  /** Oldest first; nearly always empty. */
  readonly earlier: readonly EarlierSpec[]
  readonly pause?: SchedulePause
  /** Start of each run after its T, from the hash of the id; below `policy.startSpreadMs`. */
  readonly spreadMs: number
  /** Score in the due set: when the planner looks at it next; undefined when no T is left. */
  readonly dueMs?: number
}

/** A new one, or one in place of a document that cannot be read: what stood beside it goes on. */
export function createdSchedule(entry: ScheduleEntry, { generation, lastNominalMs }: SchedulePosition): StoredSchedule {
  return dueAgain({ ...entry, generation: generation + 1, lastNominalMs, earlier: [], spreadMs: 0 })
}

/** undefined: nothing changes. T's that are due already stay. */
export function editedSchedule(was: StoredSchedule, entry: ScheduleEntry, nowMs: number): StoredSchedule | undefined {
  if (isDeepStrictEqual(entryOf(was), entryOf(entry))) return undefined
  const { labels: _, ...rest } = was
  const next = { ...rest, ...entryOf(entry), generation: was.generation + 1 }
  if (isDeepStrictEqual(was.spec, entry.spec)) return dueAgain(next)
  const oldestMs = nextNominal(was, was.lastNominalMs)
  if (oldestMs !== undefined && oldestMs <= nowMs)
    return dueAgain({ ...next, earlier: [...was.earlier, { spec: was.spec, untilMs: nowMs }] })
  return dueAgain({ ...next, earlier: [], lastNominalMs: Math.max(was.lastNominalMs, nowMs) })
}

/** undefined: nothing changes. A pause that has ended is kept: T's of its time may not be planned yet. */
export function pausedSchedule(
  was: StoredSchedule,
  pause: PauseRequest | undefined,
  nowMs: number,
): StoredSchedule | undefined {
  const ongoing = isPauseOn(was.pause, nowMs) ? was.pause : undefined
  if (!pause && !ongoing) return undefined
  const next = pause ? { ...pause, sinceMs: ongoing?.sinceMs ?? nowMs } : { ...ongoing!, untilMs: nowMs }
  return dueAgain({ ...was, generation: was.generation + 1, pause: next })
}

/** With the due instant of its first T that is not decided. */
export function dueAgain(schedule: StoredSchedule): StoredSchedule {
  const { dueMs: _, ...rest } = schedule
  const spreadMs = startDelayMs(scheduleMember(schedule), schedule.policy.startSpreadMs)
  const tickMs = nextNominal(schedule, schedule.lastNominalMs)
  return { ...rest, spreadMs, ...(tickMs !== undefined && { dueMs: tickMs + spreadMs }) }
}

const entryOf = ({ own, labels, ...entry }: ScheduleEntry): ScheduleEntry => {
  const { tenant, id, mission, flow, spec, policy, bandKey } = entry
  return { ...{ tenant, id, mission, flow, spec, policy, bandKey }, ...(own && { own }), ...(labels && { labels }) }
}
