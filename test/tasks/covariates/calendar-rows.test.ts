import { describe, expect, test } from 'vitest'
import { type CalendarFeature, calendarFeatures, calendarRows } from '../../../tasks/covariates/calendar-rows.ts'

const hourMs = 3_600_000
const rowsOf = (feature: CalendarFeature, instants: readonly string[], timeZone: string) =>
  calendarRows(feature, instants.map(Date.parse), timeZone)

/** The share of the cycle that a pair of rows stands for. */
function shares(feature: CalendarFeature, instants: readonly string[], timeZone = 'UTC'): number[] {
  const [sin, cos] = rowsOf(feature, instants, timeZone).map(({ values }) => values) as [Float64Array, Float64Array]
  return Array.from(sin, (y, i) => {
    const share = Math.atan2(y, cos[i] as number) / (2 * Math.PI)
    return Math.round((share < -1e-9 ? share + 1 : share) * 1e6) / 1e6
  })
}

test.each(calendarFeatures)('%s has names of its own and a value at every instant', (feature) => {
  const rows = rowsOf(feature, ['2026-01-01T00:00:00Z', '2026-01-01T01:00:00Z', '1960-02-29T00:00:00Z'], 'Asia/Tokyo')
  expect(rows.map(({ name }) => name)).toEqual(
    feature === 'weekend' ? ['weekend'] : [`${feature}.sin`, `${feature}.cos`],
  )
  for (const { values } of rows) expect(values.length === 3 && values.every(Number.isFinite)).toBe(true)
})

describe('hours of the day', () => {
  test('go by minute by minute, and end where they began', () => {
    const instants = ['2026-01-01T00:00:00Z', '2026-01-01T06:00:00Z', '2026-01-01T06:30:00Z', '2026-01-02T00:00:00Z']
    expect(shares('hourOfDay', instants)).toEqual([0, 0.25, 0.270833, 0])
    expect(shares('hourOfDay', ['1969-12-31T18:00:00Z'])).toEqual([0.75])
  })

  test('are those of the wall clock: one is left out in spring, one comes twice in autumn', () => {
    const hours = (from: string) =>
      Array.from({ length: 5 }, (_, h) => new Date(Date.parse(from) + h * hourMs).toISOString())
    const shown = (from: string) =>
      shares('hourOfDay', hours(from), 'Europe/Berlin').map((share) => Math.round(share * 24))
    expect(shown('2026-03-28T23:00:00Z')).toEqual([0, 1, 3, 4, 5])
    expect(shown('2026-10-24T22:00:00Z')).toEqual([0, 1, 2, 2, 3])
  })
})

test('days of the week and the weekend change at midnight of the zone', () => {
  // Friday the 27th of March, and the night in which the clocks change
  const nights = ['2026-03-27T22:59:00Z', '2026-03-27T23:00:00Z', '2026-03-29T21:59:00Z', '2026-03-29T22:00:00Z']
  expect(shares('dayOfWeek', nights, 'Europe/Berlin').map((share) => Math.round(share * 7))).toEqual([5, 6, 0, 1])
  expect(rowsOf('weekend', nights, 'Europe/Berlin')[0]?.values).toEqual(Float64Array.of(0, 1, 1, 0))
})

test('days of the month fill it, however long it is, and months the year', () => {
  expect(shares('dayOfMonth', ['2026-02-01T00:00:00Z', '2026-02-15T12:00:00Z', '2028-02-29T00:00:00Z'])).toEqual([
    0,
    0.5,
    Math.round((28 / 29) * 1e6) / 1e6,
  ])
  expect(shares('monthOfYear', ['2026-01-31T23:59:00Z', '2026-07-01T00:00:00Z'])).toEqual([0, 0.5])
})
