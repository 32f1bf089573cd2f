import { matchesLabels, parseLabelSelector } from '../schedules/label-selector.ts'
import { type CalendarWindow, type WindowSource, windowSources } from './calendar-windows.ts'
import { type CalendarEffect, isEverything } from './document.ts'
import type { StoredCalendar } from './types.ts'

/** A calendar that is ready to be asked. */
export interface ActiveCalendar extends Pick<StoredCalendar, 'id' | 'serial'> {
  readonly effect: CalendarEffect
  matches(labels: Labels | undefined): boolean
  /** Longest stretch without a break that an instant lies in. */
  at(ms: number): CalendarWindow | undefined
  /** Those that touch a range, merged, oldest first. */
  within(range: CalendarWindow): CalendarWindow[]
  /** Begin of the first window after an instant. */
  nextMs(afterMs: number): number | undefined
}

/** A window that an instant lies in. */
export interface EffectWindow extends CalendarWindow {
  readonly calendar: string
  readonly serial: number
  readonly effect: CalendarEffect
}

type Labels = Readonly<Record<string, string>>

/** Windows that follow each other without a break are followed this far. */
const mostJoined = 100

export function activeCalendar({ id, serial, document }: StoredCalendar): ActiveCalendar {
  const { effect, selector } = document
  const matches = typeof selector === 'string' && !isEverything(selector) ? parseLabelSelector(selector) : []
  const sources = windowSources(document)
  let known: CalendarWindow | undefined
  return {
    ...{ id, serial, effect },
    matches: (labels = {}) => matches !== undefined && matchesLabels(labels, matches),
    at(ms) {
      if (known && known.fromMs <= ms && ms < known.untilMs) return known
      const found = unbrokenAt(sources, ms)
      known = found ?? known
      return found
    },
    within: (range) => merged(sources.flatMap((source) => source.within(range))),
    nextMs(afterMs) {
      const starts = sources.flatMap((source) => source.nextMs(afterMs) ?? [])
      return starts.length === 0 ? undefined : Math.min(...starts)
    },
  }
}

function unbrokenAt(sources: readonly WindowSource[], ms: number): CalendarWindow | undefined {
  const windowsAt = (atMs: number) => sources.flatMap((source) => source.at(atMs) ?? [])
  let untilMs = ms
  for (let i = 0, found = windowsAt(ms); found.length > 0 && i < mostJoined; found = windowsAt(untilMs), i++)
    untilMs = Math.max(...found.map((window) => window.untilMs))
  if (untilMs === ms) return undefined
  let fromMs = ms + 1
  for (let i = 0, found = windowsAt(ms); found.length > 0 && i < mostJoined; found = windowsAt(fromMs - 1), i++)
    fromMs = Math.min(...found.map((window) => window.fromMs))
  return { fromMs, untilMs }
}

/** Without overlaps, oldest first. */
export function merged(windows: readonly CalendarWindow[]): CalendarWindow[] {
  const joined: { fromMs: number; untilMs: number }[] = []
  for (const { fromMs, untilMs } of windows.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = joined.at(-1)
    if (last && fromMs <= last.untilMs) last.untilMs = Math.max(last.untilMs, untilMs)
    else joined.push({ fromMs, untilMs })
  }
  return joined
}

/** What calendars do at an instant to whatever bears these labels, one entry a calendar. */
export function effectsAt(
  calendars: readonly ActiveCalendar[],
  labels: Labels | undefined,
  ms: number,
): EffectWindow[] {
  return calendars.flatMap((calendar) => {
    const window = calendar.matches(labels) ? calendar.at(ms) : undefined
    return window ? [{ calendar: calendar.id, serial: calendar.serial, effect: calendar.effect, ...window }] : []
  })
}

interface WindowsOf {
  readonly labels: Labels | undefined
  readonly effect: CalendarEffect
  readonly range: CalendarWindow
}

/** When an effect holds for whatever bears these labels: windows that touch the range, without overlaps, oldest first. */
export function effectWindows(
  calendars: readonly ActiveCalendar[],
  { labels, effect, range }: WindowsOf,
): CalendarWindow[] {
  const matching = calendars.filter((calendar) => calendar.effect === effect && calendar.matches(labels))
  return merged(matching.flatMap((calendar) => calendar.within(range)))
}
