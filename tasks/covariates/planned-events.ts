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

// each costs some microseconds, and a row of them that is always 1 says nothing
const mostOccurrences = 10_000

/** Stretches of an event that touch a range. @throws INVALID_PARAMS naming the event. */
export function eventWindows(event: PlannedEvent, range: EventRange): Window[] {
  if (!('cron' in event)) return event.startMs < range.endMs && event.endMs > range.startMs ? [event] : []
  const { name, cron, durationMs } = event
  const { timeZone } = range
  const windows: Window[] = []
  const next = (afterMs: number) => cronNext({ cron, timeZone }, afterMs) ?? Number.POSITIVE_INFINITY
  for (let startMs = next(range.startMs - durationMs); startMs < range.endMs; startMs = next(startMs)) {
    if (windows.length === mostOccurrences) {
      throw new AppError('INVALID_PARAMS', `event "${name}" happens more than ${mostOccurrences} times: "${cron}"`)
    }
    windows.push({ startMs, endMs: startMs + durationMs })
  }
  return windows
}
