import { describe, expect, test } from 'vitest'
import {
  createdSchedule,
  dueAgain,
  editedSchedule,
  pausedSchedule,
} from '../../../../scheduler/store/ticks/stored-schedule.ts'
import { hourMs, minuteMs, policy, scheduleEntry } from '../../../fakes/schedules.ts'

const nineMs = Date.UTC(2026, 10, 2, 9)
const created = createdSchedule(scheduleEntry(), { generation: 0, lastNominalMs: nineMs })
const halfHourly = { kind: 'every', everyMs: 30 * minuteMs, phaseMs: 0 } as const

test('a new one is due at its first T after its creation', () => {
  expect(created).toMatchObject({ generation: 1, lastNominalMs: nineMs, dueMs: nineMs + minuteMs, earlier: [] })
})

test('one in place of another goes on after its last T, as a later generation', () => {
  const position = { generation: 6, lastNominalMs: nineMs - hourMs }
  expect(createdSchedule(scheduleEntry(), position)).toMatchObject({ generation: 7, dueMs: nineMs - hourMs + minuteMs })
})

test('a spread start is the same each time', () => {
  const spread = dueAgain({ ...created, policy: { ...policy, startSpreadMs: 15_000 } })
  expect(spread.spreadMs).toBeGreaterThan(0)
  expect(dueAgain(spread)).toEqual(spread)
  expect(spread.dueMs).toBe(nineMs + minuteMs + spread.spreadMs)
})

test('a schedule without a T to come is not due', () => {
  const over = { kind: 'cron', cron: '0 0 30 2 *', timeZone: 'UTC' } as const
  expect(dueAgain({ ...created, spec: over })).not.toHaveProperty('dueMs')
})

describe('an edit', () => {
  test('that says the same is none', () => {
    expect(editedSchedule(created, scheduleEntry(), nineMs + hourMs)).toBeUndefined()
  })

  test('of the bandKey alone moves no T', () => {
    const next = editedSchedule(created, scheduleEntry({ bandKey: 'b2' }), nineMs + hourMs)
    expect(next).toEqual({ ...created, bandKey: 'b2', generation: 2 })
  })

  test('of the spec keeps T that are due already', () => {
    const editMs = nineMs + 2 * minuteMs
    const next = editedSchedule(created, scheduleEntry({ spec: halfHourly }), editMs)
    expect(next).toMatchObject({ dueMs: nineMs + minuteMs, earlier: [{ spec: created.spec, untilMs: editMs }] })
  })

  test('of the spec before a T is due begins with the new one', () => {
    const next = editedSchedule(created, scheduleEntry({ spec: halfHourly }), nineMs + 1)
    expect(next).toMatchObject({ dueMs: nineMs + 30 * minuteMs, earlier: [], lastNominalMs: nineMs + 1 })
  })
})

describe('a pause', () => {
  const paused = pausedSchedule(created, { reason: 'deploy' }, nineMs + 1)!

  test('begins now, and is kept with its span once it has ended', () => {
    expect(paused).toMatchObject({ generation: 2, pause: { reason: 'deploy', sinceMs: nineMs + 1 } })
    expect(pausedSchedule(paused, undefined, nineMs + 9)).toMatchObject({
      pause: { reason: 'deploy', sinceMs: nineMs + 1, untilMs: nineMs + 9 },
    })
  })

  test('that goes on keeps its beginning', () => {
    const longer = pausedSchedule(paused, { reason: 'longer', untilMs: nineMs + hourMs }, nineMs + 5)
    expect(longer?.pause).toEqual({ reason: 'longer', sinceMs: nineMs + 1, untilMs: nineMs + hourMs })
  })

  test('that is over cannot be ended', () => {
    const over = pausedSchedule(created, { reason: 'x', untilMs: nineMs + 5 }, nineMs)!
    expect(pausedSchedule(over, undefined, nineMs + 6)).toBeUndefined()
    expect(pausedSchedule(created, undefined, nineMs)).toBeUndefined()
  })
})
