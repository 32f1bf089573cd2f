import { type CronSpec, cronNext, cronPrevious } from '../../models/cron.ts'
import { parseDuration } from '../../models/duration.ts'
import type { StepRange } from '../../models/series.ts'
import { icalEvents } from '../../tasks/covariates/ical-events.ts'
import type { CalendarDocument } from './document.ts'

/** A stretch of time, its start included and its end not. */
export type CalendarWindow = StepRange

/** Windows of one kind. Both answers are asked for thousands of times about nearly the same instant. */
export interface WindowSource {
  /** The window that an instant lies in. */
  at(ms: number): CalendarWindow | undefined
  /** Windows that touch a range, by their start. */
  within(range: CalendarWindow): CalendarWindow[]
  /** Begin of the first window after an instant. */
  nextMs(afterMs: number): number | undefined
}

const dayMs = 86_400_000
/** Reading an iCalendar takes milliseconds, so it is read for this much on each side of what is asked. */
const icalPaddingMs = 40 * dayMs
/** How far ahead a next event of an iCalendar is looked for. */
const icalAheadMs = 366 * dayMs
/** A calendar that takes longer would hold up whoever plans. */
export const icalTimeoutMs = 500

/** All windows of a document, each kind by itself. */
export function windowSources({ windows = [], ical }: Pick<CalendarDocument, 'windows' | 'ical'>): WindowSource[] {
  const once = windows.flatMap(({ from, to }) =>
    from === undefined || to === undefined ? [] : [{ fromMs: Date.parse(from), untilMs: Date.parse(to) }],
  )
  const repeated = windows.flatMap(({ cron, duration, timeZone = 'UTC', dst }) =>
    cron === undefined || duration === undefined
      ? []
      : [cronWindows({ cron, timeZone, ...(dst && { dst }) }, parseDuration(duration))],
  )
  return [
    ...(once.length > 0 ? [listedWindows(once)] : []),
    ...repeated,
    ...(ical ? [icalWindows(ical.text, ical.timeZone ?? 'UTC')] : []),
  ]
}

function listedWindows(windows: readonly CalendarWindow[]): WindowSource {
  const sorted = windows.toSorted((a, b) => a.fromMs - b.fromMs)
  return {
    at: (ms) => sorted.find(({ fromMs, untilMs }) => fromMs <= ms && ms < untilMs),
    within: (range) => sorted.filter((window) => touches(window, range)),
    nextMs: (afterMs) => sorted.find(({ fromMs }) => fromMs > afterMs)?.fromMs,
  }
}

function cronWindows(spec: CronSpec, durationMs: number): WindowSource {
  // where `window` is absent none lies in the stretch
  let known: (CalendarWindow & { readonly window?: CalendarWindow }) | undefined
  const windowOf = (startMs: number) => ({ fromMs: startMs, untilMs: startMs + durationMs })
  function look(ms: number): NonNullable<typeof known> {
    const startMs = cronPrevious(spec, ms)
    const last = startMs === undefined ? undefined : windowOf(startMs)
    if (last && ms < last.untilMs) return { ...last, window: last }
    return {
      fromMs: last?.untilMs ?? Number.NEGATIVE_INFINITY,
      untilMs: cronNext(spec, ms) ?? Number.POSITIVE_INFINITY,
    }
  }
  return {
    at(ms) {
      if (!known || ms < known.fromMs || ms >= known.untilMs) known = look(ms)
      return known.window
    },
    within(range) {
      const windows: CalendarWindow[] = []
      let startMs = cronNext(spec, range.fromMs - durationMs)
      while (startMs !== undefined && startMs < range.untilMs) {
        windows.push(windowOf(startMs))
        startMs = cronNext(spec, startMs)
      }
      return windows
    },
    nextMs: (afterMs) => cronNext(spec, afterMs),
  }
}

/** @throws INVALID_PARAMS naming the event. */
export function readIcal(text: string, timeZone: string, { fromMs, untilMs }: CalendarWindow): CalendarWindow[] {
  const range = { startMs: fromMs, endMs: untilMs, timeZone }
  const events = icalEvents(text, range, icalTimeoutMs)
  return events
    .map(({ startMs, endMs }) => ({ fromMs: startMs, untilMs: endMs }))
    .filter((window) => window.fromMs < window.untilMs)
    .sort((a, b) => a.fromMs - b.fromMs)
}

function icalWindows(text: string, timeZone: string): WindowSource {
  let read: (CalendarWindow & { readonly windows: readonly CalendarWindow[] }) | undefined
  function windowsIn(range: CalendarWindow): CalendarWindow[] {
    if (!read || range.fromMs < read.fromMs || range.untilMs > read.untilMs) {
      const padded = { fromMs: range.fromMs - icalPaddingMs, untilMs: range.untilMs + icalPaddingMs }
      read = { ...padded, windows: readIcal(text, timeZone, padded) }
    }
    return read.windows.filter((window) => touches(window, range))
  }
  return {
    at: (ms) => windowsIn({ fromMs: ms, untilMs: ms + 1 })[0],
    within: windowsIn,
    nextMs: (afterMs) =>
      windowsIn({ fromMs: afterMs, untilMs: afterMs + icalAheadMs }).find(({ fromMs }) => fromMs > afterMs)?.fromMs,
  }
}

function touches(window: CalendarWindow, range: CalendarWindow): boolean {
  return window.fromMs < range.untilMs && window.untilMs > range.fromMs
}
