import { calendarRows, type KnownRow } from './calendar-rows.ts'
import { countryHolidays } from './country-holidays.ts'
import { type CovariateSpec, holidayName } from './covariate-spec.ts'
import { icalEvents } from './ical-events.ts'
import { eventWindows } from './planned-events.ts'
import { type Window, windowRow } from './windows.ts'

/**
 * Covariates that no store is asked for, at ascending instants: calendar features, `holiday`, and events by their names.
 * @throws INVALID_PARAMS naming the event.
 */
export function knownRows(spec: CovariateSpec, stepsMs: readonly number[]): KnownRow[] {
  const [startMs, lastMs] = [stepsMs[0], stepsMs.at(-1)]
  if (startMs === undefined || lastMs === undefined) return []
  const range = { startMs, endMs: lastMs + 1 }
  const { calendar, timeZone = 'UTC', holidays, events } = spec
  const byName = new Map<string, Window[]>()
  if (holidays) byName.set(holidayName, holidayWindows(spec, range))
  for (const event of events) {
    byName.set(event.name, [...(byName.get(event.name) ?? []), ...eventWindows(event, { ...range, timeZone })])
  }
  return [
    ...calendar.flatMap((feature) => calendarRows(feature, stepsMs, timeZone)),
    ...[...byName].map(([name, windows]) => ({ name, values: windowRow(windows, stepsMs) })),
  ]
}

function holidayWindows({ holidays, timeZone }: CovariateSpec, range: Window): Window[] {
  const { countries = [], ical } = holidays ?? {}
  return [
    ...countries.flatMap((place) => countryHolidays(place, { ...range, timeZone })),
    ...(ical === undefined ? [] : icalEvents(ical, { ...range, timeZone: timeZone ?? 'UTC' })),
  ]
}
