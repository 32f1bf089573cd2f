import { expect, test } from 'vitest'
import { snapshotOf } from '../../../scheduler/calendars/calendar-reader.ts'
import { excuses, nextToRun } from '../../../scheduler/calendars/excuses.ts'
import { storedCalendar } from '../../fakes/calendars.ts'
import { minuteMs, storedSchedule } from '../../fakes/schedules.ts'

const at = (time: string) => Date.parse(`2026-11-02T${time}:00Z`)
const minutely = { kind: 'every', everyMs: minuteMs, phaseMs: 0 } as const

const sre = storedCalendar({ selector: 'team=sre' }, { serial: 7 })
const snapshot = snapshotOf([storedCalendar({ id: 'quiet', effect: 'noAlert' }), sre])
const excuseOf = (changes: object, ms: number) => excuses(snapshot)(storedSchedule(changes))(ms)

test.each([
  { name: 'a mission’s, by the labels of the mission', schedule: { labels: { team: 'sre' } } },
  { name: 'one of its own, by its own', schedule: { mission: '', own: { labels: { team: 'sre' } } } },
])('a schedule is excused: $name', ({ schedule }) => {
  expect(excuseOf(schedule, at('09:15'))).toEqual({ fromMs: at('09:10'), untilMs: at('09:20'), serial: 7 })
  expect(excuseOf(schedule, at('09:20'))).toBeUndefined()
})

test.each([
  { name: 'other labels', schedule: { labels: { team: 'web' } } },
  { name: 'no labels', schedule: {} },
  { name: 'another tenant', schedule: { tenant: 'red', labels: { team: 'sre' } } },
])('a schedule is not excused: $name', ({ schedule }) => {
  expect(excuseOf(schedule, at('09:15'))).toBeUndefined()
})

test('the next T to run lies behind the windows that take those before it', () => {
  const next = snapshotOf([
    sre,
    storedCalendar({ windows: [{ from: '2026-11-02T09:20:00Z', to: '2026-11-02T09:25:30Z' }] }),
  ]).matching('default', { team: 'sre' })
  expect(nextToRun(minutely, next, at('09:08'))).toBe(at('09:09'))
  expect(nextToRun(minutely, next, at('09:09'))).toBe(at('09:26'))
  const always = { windows: [{ from: '2026-11-02T09:00:00Z', to: '2027-11-02T09:00:00Z' }] }
  expect(nextToRun(minutely, snapshotOf([storedCalendar(always)]).matching('default'), at('09:09'))).toBe(
    Date.parse('2027-11-02T09:00:00Z'),
  )
})
