import { cronNext } from '../../models/cron.ts'
import { AppError } from '../../models/errors.ts'
import type { Window } from './windows.ts'

/** Something that was planned: once, or again and again. Several of one name are one covariate. */
export type PlannedEvent = { readonly name: string } & (
  | Window
  | {
      /** Its starts, by the wall clock of the zone. */
      readonly cron: string
      readonly durationMs: number
    }
)

export interface EventRange extends Window {
  readonly timeZone: string
}

// each costs 0.1 ms, and a row of them that is always 1 says nothing
export const mostOccurrences = 10_000

/**
 * Stretches of an event that touch a range; repeated ones are taken from a budget that events may share.
 * @throws INVALID_PARAMS naming the event.
 */
export function eventWindows(event: PlannedEvent, range: EventRange, budget = { left: mostOccurrences }): Window[] {
  if (!('cron' in event)) return event.startMs < range.endMs && event.endMs > range.startMs ? [event] : []
  const { name, cron, durationMs } = event
  const { timeZone } = range
  const windows: Window[] = []
  const next = (afterMs: number) => cronNext({ cron, timeZone }, afterMs) ?? Number.POSITIVE_INFINITY
  for (let startMs = next(range.startMs - durationMs); startMs < range.endMs; startMs = next(startMs)) {
    if (budget.left-- === 0) {
      const sum = `all of them together happen more than ${mostOccurrences} times`
      throw new AppError('INVALID_PARAMS', `event "${name}", "${cron}": ${sum}`)
    }
    windows.push({ startMs, endMs: startMs + durationMs })
  }
  return windows
}
