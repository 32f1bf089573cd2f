import { expect, test } from 'vitest'
import { eventWindows, type PlannedEvent } from '../../../tasks/covariates/planned-events.ts'

const at = (text: string) => Date.parse(text)
function windows(event: PlannedEvent, from: string, to: string, timeZone = 'UTC'): string[] {
  const found = eventWindows(event, { startMs: at(from), endMs: at(to), timeZone })
  return found.map(({ startMs, endMs }) =>
    [startMs, endMs].map((ms) => new Date(ms).toISOString().slice(0, 16)).join(' '),
  )
}

test('a single event is there where it touches the range', () => {
  const sale = { name: 'sale', startMs: at('2026-11-27'), endMs: at('2026-11-30') }
  expect(windows(sale, '2026-11-29', '2026-12-01')).toEqual(['2026-11-27T00:00 2026-11-30T00:00'])
  expect(windows(sale, '2026-11-30', '2026-12-01')).toEqual([])
  expect(windows(sale, '2026-11-01', '2026-11-27')).toEqual([])
})

test('a repeated one starts by the wall clock of its zone, and one that is under way counts', () => {
  const backup = { name: 'backup', cron: '30 1 * * *', durationMs: 7_200_000 }
  expect(windows(backup, '2026-10-24T01:00:00Z', '2026-10-26T00:30:00Z', 'Europe/Berlin')).toEqual([
    '2026-10-23T23:30 2026-10-24T01:30',
    '2026-10-24T23:30 2026-10-25T01:30',
  ])
})

test('one that happens all the time is refused by its name', () => {
  const busy = { name: 'busy', cron: '* * * * * *', durationMs: 500 }
  expect(() => windows(busy, '2026-01-01', '2026-01-08')).toThrow(
    expect.objectContaining({
      code: 'INVALID_PARAMS',
      message: expect.stringContaining('happen more than 10000 times'),
    }),
  )
})
