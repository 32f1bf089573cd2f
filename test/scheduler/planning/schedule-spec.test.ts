import { describe, expect, test } from 'vitest'
import {
  longestGapMs,
  nextTick,
  phaseMs,
  previousTick,
  ticksBetween,
} from '../../../scheduler/planning/schedule-spec.ts'
import type { ScheduleSpec } from '../../../scheduler/planning/types.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const hourly: ScheduleSpec = { kind: 'every', everyMs: hourMs, phaseMs: 5 * minuteMs }
const cron = (expression: string, timeZone = 'UTC'): ScheduleSpec => ({ kind: 'cron', cron: expression, timeZone })

describe('an interval', () => {
  test.each([
    { name: 'just before a T', at: '12:04:59.999', next: '12:05:00', previous: '11:05:00' },
    { name: 'on a T', at: '12:05:00', next: '13:05:00', previous: '12:05:00' },
    { name: 'just after a T', at: '12:05:00.001', next: '13:05:00', previous: '12:05:00' },
  ])('$name has $next next and $previous before', ({ at, next, previous }) => {
    expect(nextTick(hourly, Date.parse(`2026-11-24T${at}Z`))).toBe(Date.parse(`2026-11-24T${next}Z`))
    expect(previousTick(hourly, Date.parse(`2026-11-24T${at}Z`))).toBe(Date.parse(`2026-11-24T${previous}Z`))
  })

  test('reaches back before the epoch', () => {
    expect(previousTick(hourly, 0)).toBe(-55 * minuteMs)
  })
})

test.each([
  {
    name: 'between two instants',
    at: '2026-11-24T12:00:00.001Z',
    next: '2026-11-24T12:15:00Z',
    previous: '2026-11-24T12:00:00Z',
  },
  { name: 'on an instant', at: '2026-11-24T12:15:00Z', next: '2026-11-24T12:30:00Z', previous: '2026-11-24T12:15:00Z' },
  {
    name: 'a millisecond early',
    at: '2026-11-24T12:14:59.999Z',
    next: '2026-11-24T12:15:00Z',
    previous: '2026-11-24T12:00:00Z',
  },
])('a cron schedule $name has $next next and $previous before', ({ at, next, previous }) => {
  expect(nextTick(cron('*/15 * * * *'), Date.parse(at))).toBe(Date.parse(next))
  expect(previousTick(cron('*/15 * * * *'), Date.parse(at))).toBe(Date.parse(previous))
})

test('a range of ticks is open at the left and closed at the right', () => {
  const range = { fromMs: Date.parse('2026-11-24T12:05:00Z'), untilMs: Date.parse('2026-11-24T14:05:00Z') }
  expect(ticksBetween(hourly, range)).toEqual([range.fromMs + hourMs, range.untilMs])
})

describe('a schedule that is over or can never be due', () => {
  test.each([
    { expression: '0 0 31 2 *', next: undefined, previous: undefined },
    { expression: '0 0 0 1 1 * 2020', next: undefined, previous: '2020-01-01T00:00:00Z' },
  ])('$expression', ({ expression, next, previous }) => {
    const nowMs = Date.parse('2026-11-24T12:00:00Z')
    expect(nextTick(cron(expression), nowMs)).toBe(next)
    expect(previousTick(cron(expression), nowMs)).toBe(previous && Date.parse(previous))
    expect(ticksBetween(cron(expression), { fromMs: nowMs, untilMs: nowMs + 400 * 24 * hourMs })).toEqual([])
  })
})

// clocks go forward: a single time that is skipped is due right after the gap, times of a list or step are left out
// clocks go back: a single time is due at its first occurrence only, times of a list or step at both
describe('changes of the clocks', () => {
  test.each([
    { zone: 'Europe/Berlin', change: 'forward', expression: '30 2 * * *', day: '2026-03-29', due: ['01:00'] },
    {
      zone: 'Europe/Berlin',
      change: 'forward',
      expression: '30 1-3 * * *',
      day: '2026-03-29',
      due: ['00:30', '01:30'],
    },
    { zone: 'Europe/Berlin', change: 'back', expression: '30 2 * * *', day: '2026-10-25', due: ['00:30'] },
    {
      zone: 'Europe/Berlin',
      change: 'back',
      expression: '0 2-3 * * *',
      day: '2026-10-25',
      due: ['00:00', '01:00', '02:00'],
    },
    { zone: 'America/New_York', change: 'forward', expression: '30 2 * * *', day: '2026-03-08', due: ['07:00'] },
    {
      zone: 'America/New_York',
      change: 'forward',
      expression: '0 1-3 * * *',
      day: '2026-03-08',
      due: ['06:00', '07:00'],
    },
    { zone: 'America/New_York', change: 'back', expression: '30 1 * * *', day: '2026-11-01', due: ['05:30'] },
    {
      zone: 'America/New_York',
      change: 'back',
      expression: '*/30 1 * * *',
      day: '2026-11-01',
      due: ['05:00', '05:30', '06:00', '06:30'],
    },
    { zone: 'Australia/Lord_Howe', change: 'forward', expression: '15 2 * * *', day: '2026-10-03', due: ['15:30'] },
    {
      zone: 'Australia/Lord_Howe',
      change: 'forward',
      expression: '*/15 2 * * *',
      day: '2026-10-03',
      due: ['15:30', '15:45'],
    },
    { zone: 'Australia/Lord_Howe', change: 'back', expression: '45 1 * * *', day: '2026-04-04', due: ['14:45'] },
    {
      zone: 'Australia/Lord_Howe',
      change: 'back',
      expression: '*/15 1 * * *',
      day: '2026-04-04',
      due: ['14:00', '14:15', '14:30', '14:45', '15:00', '15:15'],
    },
  ])('$zone $change: $expression on $day at $due', ({ zone, expression, day, due }) => {
    const spec = cron(expression, zone)
    const startMs = Date.parse(`${day}T00:00:00Z`) - 1
    const instants = due.map((time) => Date.parse(`${day}T${time}:00Z`))
    expect(ticksBetween(spec, { fromMs: startMs, untilMs: startMs + 20 * hourMs })).toEqual(instants)
    expect(backwards(spec, startMs, startMs + 20 * hourMs)).toEqual(instants)
  })
})

function backwards(spec: ScheduleSpec, fromMs: number, untilMs: number): number[] {
  const ticks: number[] = []
  for (
    let tick = previousTick(spec, untilMs);
    tick !== undefined && tick > fromMs;
    tick = previousTick(spec, tick - 1)
  ) {
    ticks.unshift(tick)
  }
  return ticks
}

test('the gap of an interval is the interval', () => {
  expect(longestGapMs(hourly, 0)).toBe(hourMs)
})

describe('the phase', () => {
  test('is the same for the same id', () => {
    const of = () => phaseMs({ id: 'default/cpu.forecast', everyMs: hourMs, stepMs: 5 * minuteMs })
    expect(of()).toBe(of())
    expect(of()).toBe(5 * minuteMs)
  })

  test('spreads hourly schedules over every step of the hour', () => {
    const phases = Array.from({ length: 600 }, (_, i) =>
      phaseMs({ id: `default/m${i}.forecast`, everyMs: hourMs, stepMs: 5 * minuteMs }),
    )
    const counts = new Map<number, number>()
    for (const phase of phases) counts.set(phase, (counts.get(phase) ?? 0) + 1)
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => i * 5 * minuteMs))
    for (const count of counts.values()) expect(count).toBeGreaterThan(25)
  })

  test.each([
    { everyMs: minuteMs, stepMs: minuteMs },
    { everyMs: 10_000, stepMs: minuteMs },
  ])('of a $everyMs ms interval on a $stepMs ms grid is none', ({ everyMs, stepMs }) => {
    expect(phaseMs({ id: 'default/cpu.detect', everyMs, stepMs })).toBe(0)
  })
})

test.each([
  {
    zone: 'Europe/Berlin',
    expression: '30 2 * * *',
    from: '2026-03-28',
    due: ['2026-03-28T01:30', '2026-03-30T00:30'],
  },
  {
    zone: 'America/New_York',
    expression: '30 2 * * *',
    from: '2026-03-07',
    due: ['2026-03-07T07:30', '2026-03-09T06:30'],
  },
  {
    zone: 'Australia/Lord_Howe',
    expression: '15 2 * * *',
    from: '2026-10-02',
    due: ['2026-10-02T15:45', '2026-10-04T15:15'],
  },
])(
  '$expression in $zone leaves out a day without such a time, where it is told to skip',
  ({ zone, expression, from, due }) => {
    const spec: ScheduleSpec = { kind: 'cron', cron: expression, timeZone: zone, dst: 'skip' }
    const startMs = Date.parse(`${from}T00:00:00Z`) - 1
    const instants = due.map((time) => Date.parse(`${time}:00Z`))
    expect(ticksBetween(spec, { fromMs: startMs, untilMs: startMs + 72 * hourMs }).slice(0, 2)).toEqual(instants)
    expect(backwards(spec, startMs, startMs + 72 * hourMs).slice(0, 2)).toEqual(instants)
  },
)

describe('a list of instants', () => {
  const listed: ScheduleSpec = { kind: 'at', atMs: [100, 200, 5_000] }

  test('is due at each of them and never again', () => {
    expect(ticksBetween(listed, { fromMs: 0, untilMs: 1e9 })).toEqual([100, 200, 5_000])
    expect(nextTick(listed, 5_000)).toBeUndefined()
    expect(previousTick(listed, 99)).toBeUndefined()
    expect([previousTick(listed, 100), previousTick(listed, 4_999)]).toEqual([100, 200])
  })

  test('has the distance of its farthest neighbours as longest gap', () => {
    expect(longestGapMs(listed, 0)).toBe(4_800)
    expect(longestGapMs({ kind: 'at', atMs: [7] }, 0)).toBe(0)
  })
})

describe('bounds', () => {
  const minutely: ScheduleSpec = { kind: 'every', everyMs: minuteMs, phaseMs: 0 }
  const ticks = (spec: ScheduleSpec) =>
    ticksBetween(spec, { fromMs: -1, untilMs: 10 * minuteMs }).map((t) => t / minuteMs)

  test('start and end belong to the schedule', () => {
    expect(ticks({ ...minutely, startMs: 3 * minuteMs, endMs: 6 * minuteMs })).toEqual([3, 4, 5, 6])
    expect(previousTick({ ...minutely, startMs: 3 * minuteMs }, 3 * minuteMs - 1)).toBeUndefined()
    expect(previousTick({ ...minutely, endMs: 6 * minuteMs }, 1e12)).toBe(6 * minuteMs)
  })

  test('an exclusion takes its first instant out and leaves its last one in', () => {
    const exclude = [
      { fromMs: 2 * minuteMs, untilMs: 4 * minuteMs },
      // overlaps the one before, and ends between two instants
      { fromMs: 3 * minuteMs, untilMs: 5.5 * minuteMs },
    ]
    expect(ticks({ ...minutely, exclude })).toEqual([0, 1, 6, 7, 8, 9, 10])
    expect(previousTick({ ...minutely, exclude }, 5 * minuteMs)).toBe(minuteMs)
  })

  test('a schedule whose times are all excluded has ended', () => {
    expect(nextTick({ kind: 'at', atMs: [5], exclude: [{ fromMs: 0, untilMs: 6 }] }, 0)).toBeUndefined()
    expect(previousTick({ kind: 'at', atMs: [5], exclude: [{ fromMs: 0, untilMs: 6 }] }, 9)).toBeUndefined()
  })

  test.each<ScheduleSpec>([
    {
      ...minutely,
      startMs: 90_001,
      endMs: 9 * minuteMs,
      exclude: [{ fromMs: 4 * minuteMs, untilMs: 6 * minuteMs + 1 }],
    },
    {
      kind: 'cron',
      cron: '*/20 * * * * *',
      timeZone: 'UTC',
      startMs: 70_000,
      exclude: [{ fromMs: 100_000, untilMs: 160_001 }],
    },
    { kind: 'at', atMs: [1, 2, 60_000, 60_001], exclude: [{ fromMs: 2, untilMs: 3 }] },
  ])('forwards and backwards agree: $kind', (spec) => {
    const forwards = ticksBetween(spec, { fromMs: -1, untilMs: 10 * minuteMs })
    expect(forwards.length).toBeGreaterThan(2)
    expect(backwards(spec, -1, 10 * minuteMs)).toEqual(forwards)
  })
})
