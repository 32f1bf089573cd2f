import { expect, test } from 'vitest'
import { covariatesDocument } from '../../flows/covariates-document.ts'

const issuesOf = (input: unknown) =>
  covariatesDocument.safeParse(input).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []

const load = { name: 'load', query: 'load' }
const sale = { name: 'sale', start: '2026-11-27', end: '2026-11-28' }
const calendar = (event: string) => `BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:off\n${event}\nEND:VEVENT\nEND:VCALENDAR`

test.each([
  { queries: [load, { name: 'plan', query: 'plan offset -1h', kind: 'known', on: ['job', 'pod'] }] },
  { calendar: ['hourOfDay', 'dayOfWeek', 'weekend', 'dayOfMonth', 'monthOfYear'], timeZone: 'Europe/Berlin' },
  { holidays: { countries: ['DE', 'DE-BY', 'US-LA-NO'] } },
  { holidays: { ical: calendar('DTSTART;VALUE=DATE:20260101') } },
  { events: [sale, { ...sale, start: '2027-11-27', end: '2027-11-28T12:00' }] },
  { events: [{ name: 'backup', cron: '0 2 * * 1-5', duration: 'PT1H' }] },
])('%j is taken as it is written', (document) => expect(covariatesDocument.parse(document)).toEqual(document))

test.each([
  [{}, ': give queries, calendar, holidays or events'],
  [{ timeZone: 'UTC' }, ': give queries, calendar, holidays or events'],
  [{ calendar: ['hourOfDay'], timeZone: 'Mars/Base' }, 'timeZone: write an IANA time zone'],
  [{ calendar: ['hour'] }, 'calendar.0: Invalid option'],
  [{ calendar: ['weekend', 'weekend'] }, 'calendar: give every feature once'],
  [{ queries: [{ ...load, name: '__proto__' }] }, 'queries.0.name: use 1 to 63'],
  [{ queries: [{ ...load, name: 'weekend' }] }, 'queries.0.name: "weekend" is taken'],
  [{ queries: [load, load] }, 'queries.1.name: "load" is taken'],
  [{ queries: [load], events: [{ ...sale, name: 'load' }] }, 'events.0.name: "load" is taken'],
  [{ events: [{ ...sale, name: 'holiday' }] }, 'events.0.name: "holiday" is taken'],
  [{ queries: [{ ...load, kind: 'future' }] }, 'queries.0.kind: Invalid option'],
  [{ queries: [{ ...load, on: [] }] }, 'queries.0.on: Too small'],
  [{ queries: [{ ...load, on: ['a-b'] }] }, 'queries.0.on.0: use the Prometheus label grammar'],
  [{ queries: [{ ...load, promql: 'up' }] }, 'queries.0: Unrecognized key: "promql"'],
  [{ queries: Array.from({ length: 17 }, (_, i) => ({ ...load, name: `n${i}` })) }, 'queries: Too big'],
  [{ holidays: {} }, 'holidays: give countries, ical or both'],
  [{ holidays: { countries: ['DE', 'XX'] } }, 'holidays.countries.1: no country "XX"'],
  [{ holidays: { countries: ['DE-ZZ'] } }, 'holidays.countries.0: DE has no "ZZ"'],
  [{ holidays: { ical: 'https://example.org/team.ics' } }, 'holidays.ical: iCalendar: '],
  [{ holidays: { ical: calendar('DTSTART;TZID=Mars/Base:20260101T000000') } }, 'holidays.ical: iCalendar: event "off"'],
  [{ events: [{ ...sale, end: '2026-11-27' }] }, 'events.0.end: is not after start'],
  [{ events: [{ ...sale, start: 'soon' }] }, 'events.0.start: write 2026-11-27'],
  [{ events: [{ name: 'sale', start: '2026-11-27' }] }, 'events.0.start: give start and end, or cron and duration'],
  [{ events: [{ ...sale, cron: '* * * * *' }] }, 'events.0.start: give start and end, or cron and duration'],
  [{ events: [{ name: 'b', cron: 'hourly', duration: '1h' }] }, 'events.0.cron: "hourly" is no cron expression'],
  [{ events: [{ name: 'b', cron: '0 * * * *', duration: '0s' }] }, 'events.0.duration: write a duration from 1s'],
  [{ events: Array.from({ length: 17 }, (_, i) => ({ ...sale, name: `n${i}` })) }, 'events: at most 16 names'],
])('%j is refused: %s', (document, issue) => {
  expect(issuesOf(document)[0]).toContain(issue)
})
