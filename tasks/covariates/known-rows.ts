import { calendarRows, type KnownRow } from './calendar-rows.ts'
import { countryHolidays } from './country-holidays.ts'
import { type CovariateSpec, holidayName } from './covariate-spec.ts'
import { icalEvents } from './ical-events.ts'
import { eventWindows, mostOccurrences } from './planned-events.ts'
import { type Window, windowRow } from './windows.ts'

/** Stretches of `holiday` and of the events, by name. */
export type KnownWindows = ReadonlyMap<string, readonly Window[]>

/** Those that touch a range. @throws INVALID_PARAMS naming the event or the place. */
export function knownWindows(spec: CovariateSpec, range: Window): KnownWindows {
  const { timeZone = 'UTC', holidays, events } = spec
  const windows = new Map<string, Window[]>()
  if (holidays) windows.set(holidayName, holidayWindows(spec, range))
  const budget = { left: mostOccurrences }
  for (const event of events) {
    const found = eventWindows(event, { ...range, timeZone }, budget)
    windows.set(event.name, [...(windows.get(event.name) ?? []), ...found])
  }
  return windows
}

/** Covariates that no store is asked for, at ascending instants: calendar features, `holiday`, and events by their names. */
export function knownRows(
  { calendar, timeZone = 'UTC' }: CovariateSpec,
  windows: KnownWindows,
  stepsMs: readonly number[],
): KnownRow[] {
  return [
    ...calendar.flatMap((feature) => calendarRows(feature, stepsMs, timeZone)),
    ...[...windows].map(([name, ofName]) => ({ name, values: windowRow(ofName, stepsMs) })),
  ]
}

function holidayWindows({ holidays, timeZone }: CovariateSpec, range: Window): Window[] {
  const { countries = [], ical } = holidays ?? {}
  return [
    ...countries.flatMap((place) => countryHolidays(place, { ...range, timeZone })),
    ...(ical === undefined ? [] : icalEvents(ical, { ...range, timeZone: timeZone ?? 'UTC' })),
  ]
}
