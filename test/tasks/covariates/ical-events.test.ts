import { describe, expect, test } from 'vitest'
import { icalEvents } from '../../../tasks/covariates/ical-events.ts'

const event = (...lines: string[]) => ['BEGIN:VEVENT', 'UID:1', 'SUMMARY:night', ...lines, 'END:VEVENT'].join('\n')
const calendar = (...events: string[]) => ['BEGIN:VCALENDAR', 'VERSION:2.0', ...events, 'END:VCALENDAR'].join('\n')

function windows(text: string, from: string, to: string, timeZone = 'Europe/Berlin'): string[] {
  const found = icalEvents(text, { startMs: Date.parse(from), endMs: Date.parse(to), timeZone })
  return found.map(({ startMs, endMs }) =>
    [startMs, endMs].map((ms) => new Date(ms).toISOString().slice(0, 16)).join(' '),
  )
}

describe('events', () => {
  test('of whole days begin at midnight of the zone and end before the day that is named', () => {
    const days = calendar(event('DTSTART;VALUE=DATE:20261224', 'DTEND;VALUE=DATE:20261227'))
    expect(windows(days, '2026-12-01', '2027-01-01')).toEqual(['2026-12-23T23:00 2026-12-26T23:00'])
    const one = calendar(event('DTSTART;VALUE=DATE:20260329'))
    expect(windows(one, '2026-03-01', '2026-04-01')).toEqual(['2026-03-28T23:00 2026-03-29T22:00'])
  })

  test.each([
    ['in UTC', 'DTSTART:20260701T080000Z', '2026-07-01T08:00 2026-07-01T09:30'],
    ['in a zone of their own', 'DTSTART;TZID=America/New_York:20260701T080000', '2026-07-01T12:00 2026-07-01T13:30'],
    ['in no zone, so in that of the covariates', 'DTSTART:20260701T080000', '2026-07-01T06:00 2026-07-01T07:30'],
  ])('are %s', (_, start, window) => {
    expect(windows(calendar(event(start, 'DURATION:PT1H30M')), '2026-07-01', '2026-07-02')).toEqual([window])
  })

  test('may be in a zone that only their file knows', () => {
    const zone = `BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE`
    const outlook = event('DTSTART;TZID=W. Europe Standard Time:20260701T080000', 'DURATION:PT1H')
    expect(windows(calendar(zone, outlook), '2026-07-01', '2026-07-02', 'Asia/Tokyo')).toEqual([
      '2026-07-01T06:00 2026-07-01T07:00',
    ])
  })

  test('that repeat keep to the wall clock; exceptions, changes and cancellations count', () => {
    const weekly = event(
      'DTSTART;TZID=Europe/Berlin:20260302T220000',
      'DURATION:PT1H',
      'RRULE:FREQ=WEEKLY;COUNT=6',
      'EXDATE;TZID=Europe/Berlin:20260309T220000',
    )
    const moved = event(
      'RECURRENCE-ID;TZID=Europe/Berlin:20260316T220000',
      'DTSTART;TZID=Europe/Berlin:20260317T080000',
      'DURATION:PT2H',
    )
    const off = event(
      'RECURRENCE-ID;TZID=Europe/Berlin:20260323T220000',
      'DTSTART;TZID=Europe/Berlin:20260323T220000',
      'STATUS:CANCELLED',
    )
    expect(windows(calendar(weekly, moved, off), '2026-03-01', '2026-05-01')).toEqual([
      '2026-03-02T21:00 2026-03-02T22:00',
      '2026-03-17T07:00 2026-03-17T09:00',
      '2026-03-30T20:00 2026-03-30T21:00',
      '2026-04-06T20:00 2026-04-06T21:00',
    ])
    expect(windows(calendar(weekly), '2026-04-06T20:30', '2026-04-07')).toEqual(['2026-04-06T20:00 2026-04-06T21:00'])
  })
})

test('several calendars in one text are all read, also with DOS line ends', () => {
  const text = [calendar(event('DTSTART;VALUE=DATE:20260101')), calendar(event('DTSTART;VALUE=DATE:20260102'))]
  expect(windows(text.join('\n').replaceAll('\n', '\r\n'), '2025-12-31', '2026-02-01')).toHaveLength(2)
})

describe('what cannot be read is refused', () => {
  test.each([
    ['nothing', '', /no BEGIN:VCALENDAR/],
    ['prose', 'hello', /hello/],
    ['a web page', '<html>\n<body>', /html/],
    ['no calendar', event('DTSTART:20260101T000000Z'), /no BEGIN:VCALENDAR/],
    ['an event without start', calendar(event()), /event "night": it has no DTSTART/],
    ['a rule that is none', calendar(event('DTSTART:20260101T000000Z', 'RRULE:FREQ=FOO')), /FOO/],
    ['an unknown zone', calendar(event('DTSTART;TZID=Mars/Base:20260101T000000')), /time zone "Mars\/Base" is unknown/],
    [
      'one that recurs every second',
      calendar(event('DTSTART:20250101T000000Z', 'RRULE:FREQ=SECONDLY')),
      /event "night": all of them together recur more than 10000 times/,
    ],
  ])('%s', (_, text, message) => {
    expect(() => windows(text, '2026-01-01', '2026-02-01')).toThrow(
      expect.objectContaining({ code: 'INVALID_PARAMS', message: expect.stringMatching(message) }),
    )
  })
})

test.each([
  ['a Monday every seven days from a Thursday on', 'FREQ=DAILY;INTERVAL=7;BYDAY=MO'],
  ['the 30th of February', 'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30'],
  ['a fifth Monday in a February without one', 'FREQ=MONTHLY;INTERVAL=48;BYDAY=5MO'],
  ['a step of any length', 'FREQ=DAILY;INTERVAL=99999999999999'],
])('a rule that never comes true ends with its name: %s', (_, rule) => {
  const text = calendar(event(`DTSTART:2026${rule.includes('5MO') ? '02' : '01'}01T000000Z`, `RRULE:${rule}`))
  const range = { startMs: Date.parse('2026-03-01'), endMs: Date.parse('2026-04-01'), timeZone: 'UTC' }
  expect(() => icalEvents(text, range, 200)).toThrow(
    expect.objectContaining({ code: 'INVALID_PARAMS', message: expect.stringContaining('event "night"') }),
  )
})
