import { describe, expect, test } from 'vitest'
import { decideTicks, type ExcusedAt } from '../../../scheduler/planning/decide-ticks.ts'
import type { CatchUp } from '../../../scheduler/planning/types.ts'
import type { StoredSchedule } from '../../../scheduler/store/ticks/stored-schedule.ts'
import { hourMs, minuteMs, policy, storedSchedule } from '../../fakes/schedules.ts'

const nineMs = Date.UTC(2026, 10, 2, 9)
const at = (minutes: number) => nineMs + minutes * minuteMs

/** `5 run, 4 coalesced by 5`: minutes after nine, T's order. */
function story(schedule: StoredSchedule, nowMs: number, excusedAt?: ExcusedAt): string {
  const minute = (ms: number) => (ms - nineMs) / minuteMs
  const { enqueue, marks } = decideTicks(schedule, nowMs, { ...(excusedAt && { excusedAt }) })
  const runs = enqueue.map(({ nominalMs, reason, serial }) => ({
    nominalMs,
    text: serial ? `${reason} alone` : reason,
  }))
  const ends = marks.map(({ nominalMs, outcome, reason, byNominalMs }) => ({
    nominalMs,
    text: byNominalMs === undefined ? `${outcome} ${reason}` : `${outcome} by ${minute(byNominalMs)}`,
  }))
  const both = [...runs, ...ends].sort((a, b) => a.nominalMs - b.nominalMs)
  return both.map(({ nominalMs, text }) => `${minute(nominalMs)} ${text}`).join(', ')
}

const caughtUp = (
  catchUp: CatchUp,
  changes: Partial<StoredSchedule['policy']> = {},
  flow: 'forecast' | 'detect' = 'forecast',
) => storedSchedule({ flow, lastNominalMs: at(0), policy: { ...policy, catchUp, ...changes } })

describe('catch-up', () => {
  const pause = { reason: 'deploy', sinceMs: at(1) + 1, untilMs: at(3) }
  test.each([
    { name: 'nothing is due', schedule: caughtUp('latest'), now: 0.9, story: '' },
    { name: 'one T, on time', schedule: caughtUp('none'), now: 1, story: '1 on_time' },
    { name: 'none: 10 s late', schedule: caughtUp('none'), now: 1 + 10 / 60, story: '1 on_time' },
    { name: 'none: 11 s late', schedule: caughtUp('none'), now: 1 + 11 / 60, story: '1 missed catch_up_none' },
    { name: 'none: newest on time', schedule: caughtUp('none'), now: 2, story: '1 missed catch_up_none, 2 on_time' },
    {
      name: 'latest: newest late',
      schedule: caughtUp('latest'),
      now: 3.5,
      story: '1 coalesced by 3, 2 coalesced by 3, 3 caught_up',
    },
    {
      name: 'latest: T beyond the window',
      schedule: caughtUp('latest', { catchUpWindowMs: 90_000 }),
      now: 3.5,
      story: '1 missed catch_up_window, 2 coalesced by 3, 3 caught_up',
    },
    {
      name: 'latest: all beyond the window',
      schedule: caughtUp('latest', { catchUpWindowMs: 20_000 }),
      now: 2.5,
      story: '1 missed catch_up_window, 2 missed catch_up_window',
    },
    { name: 'all: the oldest first, alone', schedule: caughtUp('all'), now: 3.5, story: '1 caught_up alone' },
    { name: 'all: the newest, too', schedule: caughtUp('all'), now: 1.5, story: '1 caught_up alone' },
    {
      name: 'all: within its number',
      schedule: caughtUp('all', { maxCatchUpTicks: 2 }),
      now: 4.5,
      story: '1 missed catch_up_limit, 2 missed catch_up_limit, 3 caught_up alone',
    },
    {
      name: 'all: within its window',
      schedule: caughtUp('all', { catchUpWindowMs: 90_000 }),
      now: 4.5,
      story: '1 missed catch_up_window, 2 missed catch_up_window, 3 caught_up alone',
    },
    {
      name: 'all of detect is latest',
      schedule: caughtUp('all', {}, 'detect'),
      now: 2.5,
      story: '1 coalesced by 2, 2 caught_up',
    },
    {
      name: 'a pause that lasts',
      schedule: { ...caughtUp('latest'), pause: { reason: 'deploy', sinceMs: at(0) } },
      now: 2,
      story: '1 paused paused, 2 paused paused',
    },
    {
      name: 'a pause that has ended: T before it runs, T after it too',
      schedule: { ...caughtUp('latest'), pause },
      now: 4,
      story: '1 coalesced by 4, 2 paused paused, 3 paused paused, 4 on_time',
    },
    {
      name: 'only T before the pause is left',
      schedule: { ...caughtUp('latest'), pause },
      now: 3,
      story: '1 caught_up, 2 paused paused, 3 paused paused',
    },
    {
      name: 'all skips over a pause',
      schedule: { ...caughtUp('all'), lastNominalMs: at(1), pause },
      now: 5,
      story: '2 paused paused, 3 paused paused, 4 caught_up alone',
    },
  ])('$name', (row) => {
    expect(story(row.schedule, at(row.now))).toBe(row.story)
  })
})

describe('a calendar in which nothing runs', () => {
  /** From 2 minutes after nine up to 4, excluded. */
  const excusedAt: ExcusedAt = (nominalMs) =>
    nominalMs >= at(2) && nominalMs < at(4) ? { fromMs: at(2), untilMs: at(4), serial: 7 } : undefined
  const since = { lastNominalMs: at(0) }
  const pause = { reason: 'deploy', sinceMs: at(2) }

  test.each([
    {
      name: 'T at its start does not run',
      schedule: { ...caughtUp('latest'), lastNominalMs: at(1) },
      now: 2,
      story: '2 calendar calendar',
    },
    {
      name: 'T at its end does',
      schedule: { ...caughtUp('latest'), lastNominalMs: at(3) },
      now: 4,
      story: '4 on_time',
    },
    {
      name: 'none: those before and after it',
      schedule: { ...caughtUp('none'), ...since },
      now: 4,
      story: '1 missed catch_up_none, 2 calendar calendar, 3 calendar calendar, 4 on_time',
    },
    {
      name: 'latest: T before it is caught up, those of it are not',
      schedule: { ...caughtUp('latest'), ...since },
      now: 3.5,
      story: '1 caught_up, 2 calendar calendar, 3 calendar calendar',
    },
    {
      name: 'latest: a T after it stands for the one before it',
      schedule: { ...caughtUp('latest'), ...since },
      now: 5,
      story: '1 coalesced by 5, 2 calendar calendar, 3 calendar calendar, 4 coalesced by 5, 5 on_time',
    },
    {
      name: 'all: its T do not count among those that are made up for',
      schedule: { ...caughtUp('all', { maxCatchUpTicks: 3 }), lastNominalMs: at(-1) },
      now: 4.5,
      story: '0 caught_up alone',
    },
    {
      name: 'all: older ones than that are missed',
      schedule: { ...caughtUp('all', { maxCatchUpTicks: 2 }), lastNominalMs: at(-1) },
      now: 4.5,
      story: '0 missed catch_up_limit, 1 caught_up alone',
    },
    {
      name: 'a pause goes first',
      schedule: { ...caughtUp('latest'), ...since, pause },
      now: 3,
      story: '1 caught_up, 2 calendar calendar, 3 paused paused',
    },
  ])('$name', (row) => {
    expect(story(row.schedule, at(row.now), excusedAt)).toBe(row.story)
  })

  test('its number is in the tick', () => {
    expect(decideTicks({ ...caughtUp('latest'), ...since }, at(2), { excusedAt }).marks).toEqual([
      { nominalMs: at(2), outcome: 'calendar', reason: 'calendar', lagMs: 0, calendarSerial: 7 },
    ])
  })

  test('a window of a year is stepped over at once', () => {
    let asked = 0
    const always: ExcusedAt = () => {
      asked++
      return { fromMs: at(-60 * 24 * 365), untilMs: at(20), serial: 7 }
    }
    const { marks, enqueue } = decideTicks(caughtUp('all', { maxCatchUpTicks: 100 }), at(10), { excusedAt: always })
    expect([marks.length, enqueue.length]).toEqual([10, 0])
    expect(asked).toBeLessThan(20)
  })
})

describe('where all are caught up one at a time', () => {
  /** Counts how often a calendar is asked, which is once for each T that is looked at. */
  function counting() {
    const asked = { times: 0 }
    const excusedAt: ExcusedAt = () => void asked.times++
    return { asked, excusedAt }
  }
  const behind = caughtUp('all', { maxCatchUpTicks: 1_000 })

  test('the first T of them is found once, and stays while later ones come', () => {
    const { asked, excusedAt } = counting()
    const first = decideTicks(caughtUp('all', { maxCatchUpTicks: 3 }), at(5.5), { excusedAt })
    expect(first).toMatchObject({ catchUpFromMs: at(3), enqueue: [{ nominalMs: at(3), serial: true }] })
    const waiting = { ...caughtUp('all', { maxCatchUpTicks: 3 }), lastNominalMs: at(2) }
    const later = decideTicks(waiting, at(7.5), { catchUpFromMs: at(3) })
    expect(later).toEqual({ ...{ enqueue: first.enqueue, marks: [] }, catchUpFromMs: at(3), lastNominalMs: at(3) })

    const { catchUpFromMs } = decideTicks(behind, at(900.5), { excusedAt })
    asked.times = 0
    decideTicks(behind, at(900.6), { excusedAt, catchUpFromMs })
    expect(asked.times).toBeLessThan(5)
  })

  test('T’s before the window are not looked at', () => {
    const { asked, excusedAt } = counting()
    const recent = caughtUp('all', { maxCatchUpTicks: 1_000, catchUpWindowMs: 10 * minuteMs })
    decideTicks({ ...recent, lastNominalMs: at(880) }, at(900.5), { excusedAt })
    const fewer = asked.times
    asked.times = 0
    decideTicks({ ...recent, lastNominalMs: at(870) }, at(900.5), { excusedAt })
    expect(asked.times - fewer).toBe(10)
  })

  test('none is, once there is nothing left to catch up', () => {
    expect(decideTicks({ ...behind, lastNominalMs: at(9) }, at(10)).catchUpFromMs).toBeUndefined()
  })
})

test('the spread delays the start and leaves T on the grid', () => {
  const schedule = storedSchedule({ lastNominalMs: at(0), spreadMs: 12_000 })
  expect(story(schedule, at(1) + 11_999)).toBe('')
  expect(decideTicks(schedule, at(1) + 12_000).enqueue).toEqual([
    { nominalMs: at(1), reason: 'on_time', serial: false },
  ])
})

test('a clock that steps back never fires a T again', () => {
  const schedule = storedSchedule({ lastNominalMs: at(5) })
  for (const now of [4, 3, 0, -60])
    expect(decideTicks(schedule, at(now))).toEqual({ enqueue: [], marks: [], lastNominalMs: at(5) })
})

test('every T of a long outage has one outcome, in bounded portions', () => {
  let schedule = storedSchedule({ lastNominalMs: at(-1_500) })
  const decided: number[] = []
  for (let i = 0; i < 5; i++) {
    const { enqueue, marks, lastNominalMs } = decideTicks(schedule, at(0))
    expect(marks.length).toBeLessThanOrEqual(1_000)
    decided.push(...marks.map((mark) => mark.nominalMs), ...enqueue.map((tick) => tick.nominalMs))
    schedule = { ...schedule, lastNominalMs }
  }
  expect(decided).toEqual(Array.from({ length: 1_500 }, (_, i) => at(i - 1_499)))
})

test('a T that is too old to be recorded is passed all the same', () => {
  const monthly = { kind: 'cron', cron: '0 0 1 * *', timeZone: 'UTC' } as const
  const schedule = storedSchedule({ spec: monthly, lastNominalMs: Date.UTC(2026, 8, 10) })
  const nowMs = Date.UTC(2026, 9, 20)
  expect(decideTicks(schedule, nowMs)).toEqual({ enqueue: [], marks: [], lastNominalMs: nowMs - 48 * hourMs })
})

test('what nobody can look up any more is left out', () => {
  const { marks } = decideTicks(storedSchedule({ lastNominalMs: at(-60 * 24 * 365) }), at(0))
  expect(marks[0]!.nominalMs).toBe(at(-2 * 24 * 60 + 1))
})

test('after an edit T’s follow the old spec up to it and the new one from there', () => {
  const halfHourly = { kind: 'every', everyMs: 30 * minuteMs, phaseMs: 10 * minuteMs } as const
  const earlier = [{ spec: storedSchedule().spec, untilMs: at(2) + 5_000 }]
  const schedule = storedSchedule({
    spec: halfHourly,
    earlier,
    lastNominalMs: at(0),
    policy: { ...policy, catchUp: 'latest' },
  })
  expect(story(schedule, at(9))).toBe('1 coalesced by 2, 2 caught_up')
  expect(story(schedule, at(10))).toBe('1 coalesced by 10, 2 coalesced by 10, 10 on_time')
})

describe('changes of the clocks', () => {
  const cron = (expression: string, timeZone: string) => ({ kind: 'cron', cron: expression, timeZone }) as const
  const all = { ...policy, catchUp: 'latest' } as const
  test.each([
    // Berlin, 25 October 2026: 03:00 becomes 02:00
    {
      name: 'Berlin, hour twice',
      spec: cron('30 2 * * *', 'Europe/Berlin'),
      day: Date.UTC(2026, 9, 25),
      ticks: ['00:30'],
    },
    // 29 March 2026: 02:00 becomes 03:00
    {
      name: 'Berlin, hour missing',
      spec: cron('30 2 * * *', 'Europe/Berlin'),
      day: Date.UTC(2026, 2, 29),
      ticks: ['01:00'],
    },
    {
      name: 'every hour of Berlin in October',
      spec: cron('0 * * * *', 'Europe/Berlin'),
      day: Date.UTC(2026, 9, 25),
      ticks: hours(24),
    },
    {
      name: 'intervals know no zones',
      spec: { kind: 'every', everyMs: hourMs, phaseMs: 0 } as const,
      day: Date.UTC(2026, 9, 25),
      ticks: hours(24),
    },
  ])('$name', ({ spec, day, ticks }) => {
    const schedule = storedSchedule({ spec, policy: all, lastNominalMs: day - 1 })
    const { enqueue, marks } = decideTicks(schedule, day + 24 * hourMs - 1)
    const decided = [...marks, ...enqueue].map(({ nominalMs }) => new Date(nominalMs).toISOString().slice(11, 16))
    expect(decided).toEqual(ticks)
  })
})

function hours(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${String(i).padStart(2, '0')}:00`)
}
