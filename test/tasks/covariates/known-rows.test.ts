import { expect, test } from 'vitest'
import type { CovariateSpec } from '../../../tasks/covariates/covariate-spec.ts'
import { knownWindows, knownRows as rowsOf } from '../../../tasks/covariates/known-rows.ts'

const hourMs = 3_600_000
const hours = (from: string, count: number) => Array.from({ length: count }, (_, h) => Date.parse(from) + h * hourMs)
const spec = (fields: Partial<CovariateSpec>): CovariateSpec => ({ queries: [], calendar: [], events: [], ...fields })
function knownRows(known: CovariateSpec, stepsMs: readonly number[]) {
  const range = { startMs: stepsMs[0] ?? 0, endMs: (stepsMs.at(-1) ?? 0) + 1 }
  return rowsOf(known, knownWindows(known, range), stepsMs)
}
const sum = (values: Float64Array | undefined) => values?.reduce((a, b) => a + b, 0)

test('all kinds together have names of their own', () => {
  const rows = knownRows(
    spec({
      calendar: ['hourOfDay', 'weekend'],
      timeZone: 'Europe/Berlin',
      holidays: { countries: ['DE'] },
      events: [{ name: 'sale', startMs: 0, endMs: 1 }],
    }),
    hours('2026-01-01T00:00:00Z', 3),
  )
  expect(rows.map(({ name }) => name)).toEqual(['hourOfDay.sin', 'hourOfDay.cos', 'weekend', 'holiday', 'sale'])
  expect(rows.map(({ values }) => values.length)).toEqual([3, 3, 3, 3, 3])
})

test('holidays of several countries and of a calendar are one row', () => {
  const ical = 'BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20261002\nEND:VEVENT\nEND:VCALENDAR'
  const [holiday] = knownRows(
    spec({ holidays: { countries: ['DE', 'AT'], ical } }),
    hours('2026-10-01T00:00:00Z', 24 * 30),
  )
  // the day of the calendar is one of UTC, and the German one begins two hours before its end
  expect([holiday?.name, sum(holiday?.values)]).toEqual(['holiday', 3 * 24 - 2])
})

test('events of one name are one row, and a repeated one is under way when the steps begin', () => {
  const events = [
    { name: 'sale', startMs: Date.parse('2026-11-27T00:00:00Z'), endMs: Date.parse('2026-11-28T00:00:00Z') },
    { name: 'sale', startMs: Date.parse('2026-11-30T00:00:00Z'), endMs: Date.parse('2026-12-01T00:00:00Z') },
    { name: 'backup', cron: '0 23 * * *', durationMs: 2 * hourMs },
  ]
  const rows = knownRows(spec({ events }), hours('2026-11-27T00:00:00Z', 96))
  expect(rows.map(({ name, values }) => [name, sum(values), values[0]])).toEqual([
    ['sale', 48, 1],
    ['backup', 8, 1],
  ])
})

test('a day of a change of the clocks is as long as it is', () => {
  const [holiday] = knownRows(
    spec({ timeZone: 'Europe/Berlin', holidays: { countries: [], ical: wholeDay('20261025') } }),
    hours('2026-10-24T00:00:00Z', 72),
  )
  expect(sum(holiday?.values)).toBe(25)
})

function wholeDay(date: string): string {
  return `BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:${date}\nEND:VEVENT\nEND:VCALENDAR`
}

test('events that do not touch the steps are rows of zeros', () => {
  const [sale] = knownRows(spec({ events: [{ name: 'sale', startMs: 0, endMs: 1 }] }), hours('2026-01-01', 2))
  expect(sale).toEqual({ name: 'sale', values: Float64Array.of(0, 0) })
})

test('repeated events share a budget: each may be rare enough, and all of them take minutes', () => {
  const events = ['a', 'b'].map((name) => ({ name, cron: '* * * * *', durationMs: 1_000 }))
  expect(() => knownRows(spec({ events }), hours('2026-01-01T00:00:00Z', 90))).toThrow(
    expect.objectContaining({ code: 'INVALID_PARAMS', message: expect.stringContaining('event "b"') }),
  )
})
