import type { SchedulePause, StoredSchedule } from '../store/ticks/stored-schedule.ts'
import { dayMs, type TickMark } from '../store/ticks/tick-codec.ts'
import { latestNominal, nextNominal } from './tick-sequence.ts'

export interface PlannedTick {
  readonly nominalMs: number
  readonly reason: 'on_time' | 'caught_up'
  /** One of several that are caught up one at a time: later T's are decided once its run has ended. */
  readonly serial: boolean
}

export interface TickDecision {
  readonly enqueue: readonly PlannedTick[]
  /** T's that end without a run. */
  readonly marks: readonly TickMark[]
  /** Every T at or before it is decided. */
  readonly lastNominalMs: number
  /** First T that is caught up, while T's are caught up one at a time. */
  readonly catchUpFromMs?: number
}

/** Starts later than this are caught up. A change of the leading planner takes half of it. */
const onTimeMs = 10_000
/** T's older than this are not even recorded, unless the catch-up window reaches further back. */
const recordedMs = 2 * dayMs
/** Bounds one decision: the rest follows in the next. */
const maxTicks = 1_000

/** A window of a calendar in which nothing runs. */
export interface Excuse {
  /** Included. */
  readonly fromMs: number
  /** Excluded. */
  readonly untilMs: number
  /** Stands for the calendar in packed ticks. */
  readonly serial: number
}

export type ExcusedAt = (nominalMs: number) => Excuse | undefined

export interface DecideOptions {
  /** Default: there are no calendars. */
  readonly excusedAt?: ExcusedAt
  /** Of the decision before: to find it anew for each of 10,000 T's of a cron would take 0.6 s each time. */
  readonly catchUpFromMs?: number | undefined
}

/**
 * What becomes of every T that is due. T's at or before `lastNominalMs` never come back, so a clock that steps back
 * decides nothing.
 */
export function decideTicks(schedule: StoredSchedule, nowMs: number, options: DecideOptions = {}): TickDecision {
  const untilMs = nowMs - schedule.spreadMs
  const { verdict, catchUpFromMs } = verdicts(schedule, untilMs, options)
  const enqueue: PlannedTick[] = []
  const marks: TickMark[] = []
  const keptMs = Math.max(recordedMs, schedule.policy.catchUpWindowMs)
  let lastNominalMs = Math.max(schedule.lastNominalMs, untilMs - keptMs)
  let nominalMs = nextNominal(schedule, lastNominalMs)
  while (nominalMs !== undefined && nominalMs <= untilMs && marks.length < maxTicks) {
    const { planned, mark } = verdict(nominalMs)
    if (planned) enqueue.push(planned)
    if (mark) marks.push({ nominalMs, lagMs: nowMs - nominalMs, ...mark })
    lastNominalMs = nominalMs
    if (planned?.serial) break
    nominalMs = nextNominal(schedule, nominalMs)
  }
  const isSerial = enqueue.some(({ serial }) => serial)
  return { enqueue, marks, lastNominalMs, ...(isSerial && { catchUpFromMs }) }
}

interface Verdict {
  readonly planned?: PlannedTick
  readonly mark?: Pick<TickMark, 'outcome' | 'reason' | 'byNominalMs' | 'calendarSerial'>
}

interface Verdicts {
  readonly catchUpFromMs: number
  verdict(nominalMs: number): Verdict
}

function verdicts(
  schedule: StoredSchedule,
  untilMs: number,
  { excusedAt = () => undefined, catchUpFromMs }: DecideOptions,
): Verdicts {
  const { policy, pause } = schedule
  // a detect run covers what its window extends to: one run catches up as well as many
  const mode = isDetection(schedule) && policy.catchUp === 'all' ? 'latest' : policy.catchUp
  const latest = (atMs: number) => latestToRun(schedule, atMs, excusedAt)
  const newestMs = latest(untilMs)
  const windowMs = untilMs - policy.catchUpWindowMs
  const oldestMs =
    mode === 'all' ? (catchUpFromMs ?? oldestToCatchUp(schedule, { newestMs, windowMs, latest })) : newestMs
  const verdict = (nominalMs: number): Verdict => {
    if (isPaused(pause, nominalMs)) return { mark: { outcome: 'paused', reason: 'paused' } }
    const excuse = excusedAt(nominalMs)
    if (excuse) return { mark: { outcome: 'calendar', reason: 'calendar', calendarSerial: excuse.serial } }
    const lateMs = untilMs - nominalMs
    if (nominalMs === newestMs && lateMs <= onTimeMs)
      return { planned: { nominalMs, reason: 'on_time', serial: false } }
    if (mode === 'none') return { mark: { outcome: 'missed', reason: 'catch_up_none' } }
    if (lateMs > policy.catchUpWindowMs) return { mark: { outcome: 'missed', reason: 'catch_up_window' } }
    if (nominalMs >= oldestMs) return { planned: { nominalMs, reason: 'caught_up', serial: mode === 'all' } }
    if (mode === 'all') return { mark: { outcome: 'missed', reason: 'catch_up_limit' } }
    return { mark: { outcome: 'coalesced', reason: 'newer_due', byNominalMs: newestMs } }
  }
  return { verdict, catchUpFromMs: oldestMs }
}

const isDetection = ({ flow, own }: StoredSchedule): boolean => (own?.flow ?? flow) === 'detect'

/** T's while a pause lasts; the one that was due when it began is none of them. */
function isPaused(pause: SchedulePause | undefined, nominalMs: number): boolean {
  return pause !== undefined && nominalMs > pause.sinceMs && nominalMs <= (pause.untilMs ?? Number.POSITIVE_INFINITY)
}

/** Latest T at or before an instant that neither a pause nor a calendar takes; one that is decided when there is none. */
function latestToRun(schedule: StoredSchedule, atMs: number, excusedAt: ExcusedAt): number {
  const { pause, lastNominalMs } = schedule
  for (let beforeMs = atMs; ; ) {
    const nominalMs = latestNominal(schedule, beforeMs) ?? Number.NEGATIVE_INFINITY
    if (nominalMs <= lastNominalMs) return nominalMs
    const excuse = excusedAt(nominalMs)
    if (pause && isPaused(pause, nominalMs)) beforeMs = pause.sinceMs
    else if (excuse) beforeMs = excuse.fromMs - 1
    else return nominalMs
  }
}

interface Backlog {
  readonly newestMs: number
  /** T's before it are too old to be caught up. */
  readonly windowMs: number
  latest(atMs: number): number
}

function oldestToCatchUp(
  { policy: { maxCatchUpTicks }, lastNominalMs }: StoredSchedule,
  { newestMs, windowMs, latest }: Backlog,
): number {
  const downToMs = Math.max(lastNominalMs, windowMs)
  let oldestMs = newestMs
  for (let i = 1; i < maxCatchUpTicks && oldestMs > downToMs; i++) oldestMs = latest(oldestMs - 1)
  return oldestMs
}
