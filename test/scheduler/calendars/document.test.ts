import { expect, test } from 'vitest'
import { checkCalendar } from '../../../scheduler/calendars/check-document.ts'
import { calendarDocument } from '../../../scheduler/calendars/document.ts'
import { calendarOf } from '../../fakes/calendars.ts'

const nowMs = Date.parse('2026-11-02T09:00:00Z')
const issuesOf = (changes: object) =>
  calendarDocument
    .safeParse({ ...calendarOf(), ...changes })
    .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)

test.each(['team=sre,env!=dev', '*', '{}', {}])('%j is a selector', (selector) => {
  expect(issuesOf({ selector })).toBeUndefined()
})

const once = { from: '2026-11-02T09:10:00Z', to: '2026-11-02T09:20:00Z' }
const nightly = { cron: '0 2 * * *', duration: '2h' }

test.each([
  [
    { selector: '' },
    'selector: write team=sre,env!=dev, without quotes around values and without =~ or !~; or * for all',
  ],
  [
    { selector: { team: 'sre' } },
    'selector: write team=sre,env!=dev, without quotes around values and without =~ or !~; or * for all',
  ],
  [{ selector: 'team="sre"' }, 'without quotes around values'],
  [
    { selector: undefined },
    'selector: write team=sre,env!=dev, without quotes around values and without =~ or !~; or * for all',
  ],
  [{ effect: 'silence' }, 'effect: Invalid option'],
  [{ windows: [] }, 'windows: give windows or ical'],
  [{ windows: [{ ...once, cron: '0 2 * * *' }] }, 'windows.0: give from and to, or cron and duration'],
  [{ windows: [{ from: once.from }] }, 'windows.0: give from and to, or cron and duration'],
  [{ windows: [{ ...once, timeZone: 'UTC' }] }, 'windows.0: give from and to, or cron and duration'],
  [{ windows: [{ from: '2026-11-02', to: once.to }] }, 'windows.0.from: write an instant as'],
  [{ windows: [{ cron: '0 2 * * *' }] }, 'windows.0: give from and to, or cron and duration'],
  [{ windows: [{ ...nightly, duration: '2 hours' }] }, 'windows.0.duration: write a duration'],
  [{ until: once.to }, ': Unrecognized key: "until"'],
])('%j is refused: %s', (changes, issue) => {
  expect(issuesOf(changes)?.[0]).toContain(issue)
})

test.each([
  [{ windows: [{ from: once.to, to: once.from }] }, '/windows/0/to'],
  [{ windows: [once, { ...nightly, timeZone: 'Mars/Base' }] }, '/windows/1/timeZone'],
  [{ windows: [{ ...nightly, cron: '0 2 30 2 *' }] }, '/windows/0/cron'],
  [{ windows: [{ ...nightly, cron: '* * * * *' }] }, '/windows/0/cron'],
  [{ windows: [{ ...nightly, duration: '32d' }] }, '/windows/0/duration'],
  [{ ical: { text: 'BEGIN:VCALENDAR', timeZone: 'Mars/Base' } }, '/ical/timeZone'],
  [{ ical: { text: 'nothing of the kind' } }, '/ical/text'],
])('%j is refused at %s', (changes, pointer) => {
  expect(() => checkCalendar(calendarOf(changes), nowMs)).toThrow(
    expect.objectContaining({ code: 'INVALID_PARAMS', problems: [expect.objectContaining({ pointer })] }),
  )
})

test('every problem is told at once', () => {
  const windows = [
    { from: once.to, to: once.from },
    { ...nightly, timeZone: 'Mars/Base' },
  ]
  expect(() => checkCalendar(calendarOf({ windows }), nowMs)).toThrow(
    /calendar freeze: windows\.0\.to: .*; windows\.1\.timeZone: /,
  )
})

test('a calendar of the past is taken: masks are often written afterwards', () => {
  expect(() => checkCalendar(calendarOf({ effect: 'mask' }), nowMs + 86_400_000)).not.toThrow()
})
