import type { StepRange } from '../../../models/series.ts'
import type { TickOutcome } from '../../planning/types.ts'

/** Why a tick ended as it did. The position is the stored code: append only, at most 32. */
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
  'cancelled',
] as const
export type TickReason = (typeof tickReasons)[number]

/** The position is the stored code: append only, at most 8. */
export const tickOutcomes = [
  'run',
  'skipped_overlap',
  'coalesced',
  'missed',
  'expired',
  'paused',
  'calendar',
  'buffered',
] as const satisfies readonly TickOutcome[]

/** Outcome of one T. */
export interface TickMark {
  readonly nominalMs: number
  readonly outcome: TickOutcome
  readonly reason: TickReason
  /** From T to the start or the decision; absent where `byNominalMs` is kept instead. */
  readonly lagMs?: number
  /** `skipped_overlap`: T of the holder. `coalesced`: T that stands for this one. */
  readonly byNominalMs?: number
  /** `calendar`: which one, kept in place of the lag. */
  readonly calendarSerial?: number
}

export const dayMs = 86_400_000
const tickBytes = 8
/** Magic and version before a day's ticks; a day that begins otherwise, or ends within a tick, counts as absent. */
const tickHeader = Buffer.from('ATK\u0001', 'latin1')
/** 37 hours: what 27 bits hold. Longer lags are kept as this. */
const maxDistanceMs = 2 ** 27 - 1

/** T, outcome, reason and distance in ms (of a calendar: its number), as the scripts take a tick. */
export function tickArguments(mark: TickMark): number[] {
  const { nominalMs, outcome, reason, lagMs = 0, byNominalMs, calendarSerial } = mark
  const distanceMs = calendarSerial ?? (byNominalMs === undefined ? lagMs : Math.abs(nominalMs - byNominalMs))
  const clamped = Math.min(Math.max(0, Math.round(distanceMs)), maxDistanceMs)
  return [nominalMs, tickOutcomes.indexOf(outcome), tickReasons.indexOf(reason), clamped]
}

/** False: another release wrote it, or it was cut off. */
export function isTickDay(day: Buffer): boolean {
  return (
    day.length % tickBytes === tickHeader.length % tickBytes && day.subarray(0, tickHeader.length).equals(tickHeader)
  )
}

/** fromMs < T <= untilMs. */
export interface TickQuery extends StepRange {
  readonly outcome?: TickOutcome
  /** Most ticks, the oldest ones; default: all. */
  readonly limit?: number
}

/** Ticks of the day that begins at `startMs`, oldest first. */
export function decodeTicks(day: Buffer, startMs: number, query: TickQuery): TickMark[] {
  if (!isTickDay(day)) return []
  const { fromMs, untilMs, outcome, limit = Number.POSITIVE_INFINITY } = query
  const ticks: TickMark[] = []
  for (let at = tickHeader.length; at + tickBytes <= day.length && ticks.length < limit; at += tickBytes) {
    const first = day.readUInt32BE(at)
    const nominalMs = nominalOf(first, startMs)
    if (nominalMs <= fromMs || nominalMs > untilMs) continue
    const tick = decodeTick(first, day.readUInt32BE(at + 4), startMs)
    if (tick && (outcome === undefined || tick.outcome === outcome)) ticks.push(tick)
  }
  return ticks
}

const nominalOf = (first: number, startMs: number): number => startMs + (first >>> 5)

/** Two big-endian words: ms of the day (27 bits), outcome (3), unused (2); reason (5), distance in ms (27). */
function decodeTick(first: number, second: number, startMs: number): TickMark | undefined {
  const [outcome, reason] = [(first >>> 2) & 7, second >>> 27]
  return tickOf({ nominalMs: nominalOf(first, startMs), outcome, reason, distanceMs: second % 2 ** 27 })
}

export interface TickCodes {
  readonly nominalMs: number
  readonly outcome: number
  readonly reason: number
  readonly distanceMs: number
}

/** undefined: codes of a newer version. */
export function tickOf({ nominalMs, distanceMs, ...codes }: TickCodes): TickMark | undefined {
  const outcome = tickOutcomes[codes.outcome]
  const reason = tickReasons[codes.reason]
  if (!outcome || !reason) return undefined
  if (outcome === 'calendar') return { nominalMs, outcome, reason, calendarSerial: distanceMs }
  if (outcome === 'skipped_overlap') return { nominalMs, outcome, reason, byNominalMs: nominalMs - distanceMs }
  if (outcome === 'coalesced') return { nominalMs, outcome, reason, byNominalMs: nominalMs + distanceMs }
  return { nominalMs, outcome, reason, lagMs: distanceMs }
}
