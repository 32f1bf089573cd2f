import ICAL from 'ical.js'
import { expect, test, vi } from 'vitest'
import { calendarOf, storedCalendar } from '../../fakes/calendars.ts'
import { fakeCalendarService } from '../../fakes/fake-calendar-service.ts'

const nowMs = Date.parse('2026-11-25T18:00:00Z')

test.each([
  { cron: '*/5 * * * *', duration: '5m' },
  { cron: '0 0 1 * *', duration: '31d' },
])('$cron for $duration each is one window, however many are asked for', async (window) => {
  const calendars = fakeCalendarService(() => nowMs)
  await calendars.put('default', calendarOf({ windows: [window] }), {})
  const range = { fromMs: nowMs, untilMs: Number.POSITIVE_INFINITY, limit: 1_000 }
  const windows = await calendars.windows({ tenant: 'default', id: 'freeze' }, range)
  expect(windows).toHaveLength(1)
  expect(windows[0]?.fromMs).toBeLessThanOrEqual(nowMs)
})

test('windows that touch are one, and those that do not are listed up to the limit', async () => {
  const calendars = fakeCalendarService(() => nowMs)
  const windows = [
    { cron: '0 2 * * *', duration: '1h' },
    { cron: '0 3 * * *', duration: '1h' },
  ]
  await calendars.put('default', calendarOf({ windows }), {})
  const range = { fromMs: nowMs, untilMs: Number.POSITIVE_INFINITY, limit: 3 }
  const listed = await calendars.windows({ tenant: 'default', id: 'freeze' }, range)
  expect(listed.map(({ fromMs, untilMs }) => (untilMs - fromMs) / 3_600_000)).toEqual([2, 2, 2])
})

test('one whose windows cannot be told says why and hides no other', () => {
  const calendars = fakeCalendarService(() => nowMs)
  const odd = storedCalendar({ windows: [{ cron: '0 2 * * *', duration: '1h', timeZone: 'Mars/Base' }] })
  expect(calendars.window(odd, nowMs)).toEqual({ problem: expect.stringContaining('Mars/Base') })
})

test('an iCalendar is read once for all the views of it', () => {
  const read = vi.spyOn(ICAL, 'parse')
  const lines = ['BEGIN:VCALENDAR', 'BEGIN:VEVENT', 'UID:1', 'DTSTART:20261125T170000Z', 'DURATION:PT2H', 'END:VEVENT']
  const stored = storedCalendar({ windows: [], ical: { text: [...lines, 'END:VCALENDAR'].join('\n') } })
  const calendars = fakeCalendarService(() => nowMs)
  try {
    calendars.window(stored, nowMs)
    const once = read.mock.calls.length
    calendars.window({ ...stored }, nowMs)
    expect([once, read.mock.calls.length]).toEqual([1, 1])
    calendars.window({ ...stored, generation: 2 }, nowMs)
    expect(read).toHaveBeenCalledTimes(2)
  } finally {
    vi.restoreAllMocks()
  }
})

test('one that cannot be read is not read again for a minute', () => {
  const read = vi.spyOn(ICAL, 'parse')
  const odd = storedCalendar({ windows: [], ical: { text: 'nothing of the kind' } })
  const calendars = fakeCalendarService(() => nowMs)
  try {
    const answers = [0, 59_999, 60_000].map((ms) => calendars.window(odd, nowMs + ms))
    expect(answers[1]).toEqual(answers[0])
    expect(answers[0]?.problem).toBeDefined()
    expect(read).toHaveBeenCalledTimes(2)
  } finally {
    vi.restoreAllMocks()
  }
})
