import { describe, expect, test } from 'vitest'
import { type WindowSource, windowSources } from '../../../scheduler/calendars/calendar-windows.ts'
import { calendarOf } from '../../fakes/calendars.ts'

const ms = (text: string) => Date.parse(`${text}Z`)
const iso = (at: number) => new Date(at).toISOString().slice(0, 16)
const text = (window: { readonly fromMs: number; readonly untilMs: number } | undefined) =>
  window && `${iso(window.fromMs)} ${iso(window.untilMs)}`

function nightly(changes: object = {}): WindowSource {
  const windows = [{ cron: '0 2 * * *', duration: '2h', timeZone: 'Europe/Berlin', ...changes }]
  return windowSources(calendarOf({ windows }))[0]!
}

test('every recurring window is a source, and all that come once are one', () => {
  const once = { from: '2026-11-02T09:10:00Z', to: '2026-11-02T09:20:00Z' }
  const cron = { cron: '0 2 * * *', duration: '2h' }
  expect(windowSources(calendarOf({ windows: [once, cron, once, cron] }))).toHaveLength(3)
  expect(windowSources({})).toEqual([])
})

describe('in Berlin, two hours from two on', () => {
  test.each([
    { name: 'a winter day', day: '2026-11-02', window: '2026-11-02T01:00 2026-11-02T03:00' },
    { name: 'a summer day', day: '2026-07-02', window: '2026-07-02T00:00 2026-07-02T02:00' },
    // the clocks leave two o'clock out: it begins right after the gap and lasts as long as ever
    { name: 'the clocks go forward', day: '2026-03-29', window: '2026-03-29T01:00 2026-03-29T03:00' },
    // two o'clock comes twice: it begins at the first one, and ends at three o'clock by the wall
    { name: 'the clocks go back', day: '2026-10-25', window: '2026-10-25T00:00 2026-10-25T02:00' },
  ])('$name', ({ day, window }) => {
    const range = { fromMs: ms(`${day}T00:00:00`), untilMs: ms(`${day}T23:00:00`) }
    expect(nightly().within(range).map(text)).toEqual([window])
  })

  test('a start that the clocks leave out is none where that is asked for', () => {
    const march = { fromMs: ms('2026-03-28T12:00:00'), untilMs: ms('2026-03-30T12:00:00') }
    expect(nightly({ dst: 'skip' }).within(march).map(text)).toEqual(['2026-03-30T00:00 2026-03-30T02:00'])
    expect(nightly({ dst: 'skip' }).at(ms('2026-03-29T01:30:00'))).toBeUndefined()
    expect(text(nightly().at(ms('2026-03-29T01:30:00')))).toBe('2026-03-29T01:00 2026-03-29T03:00')
  })

  test('asked instant by instant it is the same as asked for a range', () => {
    const range = { fromMs: ms('2026-10-24T00:00:00'), untilMs: ms('2026-10-27T00:00:00') }
    const windows = nightly().within(range)
    const asked = nightly()
    for (let at = range.fromMs; at < range.untilMs; at += 600_000)
      expect(asked.at(at)).toEqual(windows.find(({ fromMs, untilMs }) => fromMs <= at && at < untilMs))
  })
})
