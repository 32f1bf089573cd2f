import { describe, expect, test } from 'vitest'
import type { ScheduleSpec } from '../../../scheduler/planning/types.ts'
import { listTimes } from '../../../scheduler/schedules/times.ts'

const at = (text: string) => Date.parse(text)
const times = (spec: ScheduleSpec, from: string, to: string, limit = 100) =>
  listTimes(spec, { fromMs: at(from), untilMs: at(to), limit }).map(
    ({ nominalMs, clocks }) => `${new Date(nominalMs).toISOString().slice(0, 16)}${clocks ? ` ${clocks}` : ''}`,
  )

test('a range is open at the left and closed at the right, and ends at the limit', () => {
  const hourly: ScheduleSpec = { kind: 'every', everyMs: 3_600_000, phaseMs: 0 }
  const day = ['2026-11-24T00:00Z', '2026-11-24T03:00Z'] as const
  expect(times(hourly, ...day)).toEqual(['2026-11-24T01:00', '2026-11-24T02:00', '2026-11-24T03:00'])
  expect(times(hourly, ...day, 2)).toHaveLength(2)
})

describe.each([
  {
    zone: 'Europe/Berlin',
    forward: { from: '2027-03-27T12:00Z', to: '2027-03-28T12:00Z', shifted: '2027-03-28T01:00 shifted' },
    back: { from: '2026-10-24T22:30Z', to: '2026-10-25T02:00Z' },
    halfHours: [
      ...['2026-10-24T23:00', '2026-10-24T23:30', '2026-10-25T00:00', '2026-10-25T00:30'],
      ...['2026-10-25T01:00 repeated', '2026-10-25T01:30 repeated', '2026-10-25T02:00'],
    ],
    nightly: '30 2 * * *',
  },
  {
    zone: 'America/New_York',
    forward: { from: '2027-03-13T12:00Z', to: '2027-03-14T12:00Z', shifted: '2027-03-14T07:00 shifted' },
    back: { from: '2026-11-01T04:30Z', to: '2026-11-01T07:00Z' },
    halfHours: [
      ...['2026-11-01T05:00', '2026-11-01T05:30', '2026-11-01T06:00 repeated', '2026-11-01T06:30 repeated'],
      '2026-11-01T07:00',
    ],
    nightly: '30 2 * * *',
  },
  {
    // half an hour, in the other half of the year
    zone: 'Australia/Lord_Howe',
    forward: { from: '2026-10-03T12:00Z', to: '2026-10-04T12:00Z', shifted: '2026-10-03T15:30 shifted' },
    back: { from: '2027-04-03T14:00Z', to: '2027-04-03T16:00Z' },
    halfHours: ['2027-04-03T14:30', '2027-04-03T15:00 repeated', '2027-04-03T15:30', '2027-04-03T16:00'],
    nightly: '15 2 * * *',
  },
])('when the clocks change in $zone', ({ zone: timeZone, forward, back, halfHours, nightly }) => {
  const cron = (expression: string, dst?: 'skip'): ScheduleSpec => ({
    ...{ kind: 'cron', cron: expression, timeZone },
    ...(dst && { dst }),
  })

  test('a time that is left out is due behind the gap, or not at all', () => {
    expect(times(cron(nightly), forward.from, forward.to)).toEqual([forward.shifted])
    expect(times(cron(nightly, 'skip'), forward.from, forward.to)).toEqual([])
  })

  test('a single time is due once though it comes twice', () => {
    const once =
      timeZone === 'Australia/Lord_Howe' ? '45 1 * * *' : timeZone === 'Europe/Berlin' ? nightly : '30 1 * * *'
    expect(times(cron(once), back.from, back.to)).toHaveLength(1)
  })

  test('the times of a step are due each time, and the second is told', () => {
    expect(times(cron('*/30 * * * *'), back.from, back.to)).toEqual(halfHours)
  })
})
