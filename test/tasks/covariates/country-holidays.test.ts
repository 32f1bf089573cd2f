import { describe, expect, test } from 'vitest'
import { countryHolidays, holidayPlaceProblem } from '../../../tasks/covariates/country-holidays.ts'

function holidays(code: string, from: string, to: string, timeZone?: string): string[] {
  const range = { startMs: Date.parse(from), endMs: Date.parse(to), timeZone }
  const windows = countryHolidays(code, range).toSorted((a, b) => a.startMs - b.startMs)
  return windows.map(({ startMs, endMs }) =>
    [startMs, endMs].map((ms) => new Date(ms).toISOString().slice(0, 16)).join(' '),
  )
}

describe('public holidays', () => {
  test('last from midnight to midnight of their country, across a change of the clocks too', () => {
    expect(holidays('DE', '2026-04-01', '2026-05-02')).toEqual([
      '2026-04-02T22:00 2026-04-03T22:00',
      '2026-04-05T22:00 2026-04-06T22:00',
      '2026-04-30T22:00 2026-05-01T22:00',
    ])
    // Easter Sunday of 2024 had 23 hours in Brandenburg
    expect(holidays('DE-BB', '2024-03-30', '2024-04-01T12:00')).toEqual([
      '2024-03-30T23:00 2024-03-31T22:00',
      '2024-03-31T22:00 2024-04-01T22:00',
    ])
  })

  test('of a state come on top of those of its country', () => {
    expect(holidays('DE', '2026-06-01', '2026-06-10')).toEqual([])
    expect(holidays('DE-BY', '2026-06-01', '2026-06-10')).toEqual(['2026-06-03T22:00 2026-06-04T22:00'])
    expect(holidays('de-by-a', '2026-08-01', '2026-08-10')).toEqual(['2026-08-07T22:00 2026-08-08T22:00'])
  })

  test('begin by the clock of a zone where one is named', () => {
    expect(holidays('US', '2026-12-20', '2026-12-28')).toEqual(['2026-12-25T05:00 2026-12-26T05:00'])
    expect(holidays('US', '2026-12-20', '2026-12-28', 'America/Los_Angeles')).toEqual([
      '2026-12-25T08:00 2026-12-26T08:00',
    ])
  })

  test('of the next year are found where the range reaches over', () => {
    expect(holidays('NZ', '2026-12-30', '2026-12-31T12:00')).toEqual(['2026-12-31T11:00 2027-01-01T11:00'])
    expect(holidays('DE', '2026-12-31', '2027-01-01T12:00')).toEqual(['2026-12-31T23:00 2027-01-01T23:00'])
  })
})

test('a history of decades has none', () => {
  expect(() => holidays('DE', '1980-01-01', '2026-01-01')).toThrow(/holidays of DE: .* more than 30 years/)
})

test.each([
  ['DE', undefined],
  ['DE-BY', undefined],
  ['DE-BY-A', undefined],
  ['US-LA-NO', undefined],
  ['XX', /no country "XX": write one as DE/],
  ['Germany', /no country "GERMANY"/],
  ['DE-XX', /DE has no "XX"; it has .*BY/],
  ['DE-BY-XX', /DE-BY has no "XX"; it has A/],
  ['', /no country ""/],
  ['constructor', /no country/],
])('a place called %j', (code, problem) => {
  if (problem === undefined) expect(holidayPlaceProblem(code)).toBeUndefined()
  else expect(holidayPlaceProblem(code)).toMatch(problem)
})
