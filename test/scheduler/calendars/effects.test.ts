import { describe, expect, test } from 'vitest'
import { activeCalendar, effectsAt, effectWindows } from '../../../scheduler/calendars/effects.ts'
import { storedCalendar } from '../../fakes/calendars.ts'

const ms = (text: string) => Date.parse(`${text}Z`)
const iso = (at: number | undefined) => (at === undefined ? undefined : new Date(at).toISOString().slice(0, 16))
const text = (window: { readonly fromMs: number; readonly untilMs: number } | undefined) =>
  window && `${iso(window.fromMs)} ${iso(window.untilMs)}`

const calendar = (document: object) => activeCalendar(storedCalendar(document))
describe('a window', () => {
  test('holds its start and not its end', () => {
    const freeze = calendar({})
    expect([freeze.at(ms('2026-11-02T09:09:59')), freeze.at(ms('2026-11-02T09:20:00'))]).toEqual([undefined, undefined])
    expect(text(freeze.at(ms('2026-11-02T09:10:00')))).toBe('2026-11-02T09:10 2026-11-02T09:20')
    expect(text(freeze.at(ms('2026-11-02T09:19:59')))).toBe('2026-11-02T09:10 2026-11-02T09:20')
  })

  test('that follows another without a break is one with it, whatever it is made of', () => {
    const joined = calendar({
      windows: [
        { from: '2026-11-02T04:00:00Z', to: '2026-11-02T05:00:00Z' },
        { cron: '0 2 * * *', duration: '2h' },
        { from: '2026-11-02T01:30:00Z', to: '2026-11-02T02:30:00Z' },
      ],
    })
    for (const at of ['2026-11-02T01:40:00', '2026-11-02T03:00:00', '2026-11-02T04:59:59'])
      expect(text(joined.at(ms(at)))).toBe('2026-11-02T01:30 2026-11-02T05:00')
  })

  test('of an iCalendar comes again as its rule says', () => {
    const weekly = ['BEGIN:VEVENT', 'UID:1', 'DTSTART;TZID=Europe/Berlin:20261025T020000', 'DURATION:PT2H']
    const ical = ['BEGIN:VCALENDAR', ...weekly, 'RRULE:FREQ=WEEKLY', 'END:VEVENT', 'END:VCALENDAR'].join('\n')
    const backup = calendar({ windows: [], ical: { text: ical } })
    expect(text(backup.at(ms('2026-11-29T02:00:00')))).toBe('2026-11-29T01:00 2026-11-29T03:00')
    expect(backup.at(ms('2026-11-29T03:00:00'))).toBeUndefined()
    expect(iso(backup.nextMs(ms('2026-11-29T03:00:00')))).toBe('2026-12-06T01:00')
  })
})

const sre = { team: 'sre', env: 'prod' }
const calendars = [
  calendar({ id: 'all', selector: {}, effect: 'mask' }),
  calendar({ id: 'every', selector: '*', effect: 'noAlert' }),
  calendar({ id: 'sre', selector: 'team=sre,env!=dev' }),
  calendar({ id: 'web', selector: 'team=web' }),
]

test.each([
  { name: 'labels that match', labels: sre, ids: ['all', 'every', 'sre'] },
  { name: 'labels that one part of a selector does not match', labels: { ...sre, env: 'dev' }, ids: ['all', 'every'] },
  { name: 'no labels', labels: undefined, ids: ['all', 'every'] },
])('$name', ({ labels, ids }) => {
  expect(effectsAt(calendars, labels, ms('2026-11-02T09:15:00')).map(({ calendar: id }) => id)).toEqual(ids)
  expect(effectsAt(calendars, labels, ms('2026-11-02T09:25:00'))).toEqual([])
})

test('windows of an effect are those of all its calendars, merged', () => {
  const mask = (from: string, to: string) =>
    calendar({ effect: 'mask', windows: [{ from: `2026-11-02T${from}:00Z`, to: `2026-11-02T${to}:00Z` }] })
  const masks = [...calendars, mask('09:15', '09:30'), mask('09:30', '09:40'), mask('10:00', '10:10')]
  const range = { fromMs: ms('2026-11-02T09:00:00'), untilMs: ms('2026-11-02T10:05:00') }
  expect(effectWindows(masks, { labels: sre, effect: 'mask', range }).map(text)).toEqual([
    ...['2026-11-02T09:10 2026-11-02T09:40', '2026-11-02T10:00 2026-11-02T10:10'],
  ])
})
