import { expect, test } from 'vitest'
import { createScheduleStore } from '../../scheduler/store/ticks/schedule-store.ts'
import { createTickStore } from '../../scheduler/store/ticks/tick-store.ts'
import { hourMs, minuteMs, policy, scheduleEntry } from '../fakes/schedules.ts'
import { realRedis } from './real-redis.ts'

const real = realRedis()
const startMs = Date.UTC(2026, 10, 2, 9, 0, 30)
const key = { tenant: 'default', id: 'cpu.detect' }
const halfHourly = { kind: 'every', everyMs: 30 * minuteMs, phaseMs: 0 } as const

const stores = () => ({ schedules: createScheduleStore(real.redis), ticks: createTickStore(real.redis) })

test('a new schedule is due at its first T after now', async () => {
  const { schedules } = stores()
  const { schedule, outcome } = await schedules.upsertSchedule(scheduleEntry(), startMs)
  expect(outcome).toBe('created')
  expect(await schedules.get(key)).toEqual(schedule)
  expect(schedule).toEqual({
    ...scheduleEntry(),
    ...{ generation: 1, lastNominalMs: startMs, earlier: [], spreadMs: 0, dueMs: startMs + 30_000 },
  })
})

test('the spread moves the due instant, not T', async () => {
  const { schedules } = stores()
  await schedules.upsertSchedule(scheduleEntry({ policy: { ...policy, startSpreadMs: 15_000 } }), startMs)
  const stored = await schedules.get(key)
  expect(stored!.spreadMs).toBeGreaterThan(0)
  expect(stored!.dueMs).toBe(startMs + 30_000 + stored!.spreadMs)
})

test('an equal entry changes nothing, whatever the order of its fields', async () => {
  const { schedules } = stores()
  const { bandKey, spec, ...rest } = scheduleEntry()
  await schedules.upsertSchedule(scheduleEntry(), startMs)
  const before = await schedules.get(key)
  expect(
    await schedules.upsertSchedule(
      { bandKey, spec: { phaseMs: 0, everyMs: minuteMs, kind: 'every' }, ...rest },
      startMs + hourMs,
    ),
  ).toEqual({ schedule: before, outcome: 'unchanged' })
  expect(await schedules.get(key)).toEqual(before)
})

test('an edit keeps the T that is due already and follows the new spec after it', async () => {
  const { schedules } = stores()
  await schedules.upsertSchedule(scheduleEntry(), startMs)
  const editMs = startMs + 2 * minuteMs
  const { schedule: stored, outcome } = await schedules.upsertSchedule(scheduleEntry({ spec: halfHourly }), editMs)
  expect(outcome).toBe('updated')
  expect(await schedules.get(key)).toEqual(stored)
  expect(stored).toMatchObject({ generation: 2, lastNominalMs: startMs, dueMs: startMs + 30_000 })
  expect(stored.earlier).toEqual([{ spec: scheduleEntry().spec, untilMs: editMs }])
})

test('an edit with nothing due leaves T’s before it to nobody', async () => {
  const { schedules } = stores()
  await schedules.upsertSchedule(scheduleEntry({ spec: { kind: 'every', everyMs: hourMs, phaseMs: 0 } }), startMs)
  const editMs = startMs + 31 * minuteMs
  await schedules.upsertSchedule(scheduleEntry({ spec: halfHourly }), editMs)
  expect(await schedules.get(key)).toMatchObject({
    lastNominalMs: editMs,
    earlier: [],
    dueMs: Date.UTC(2026, 10, 2, 10),
  })
})

test('due schedules come most overdue first and within the limit', async () => {
  const { schedules } = stores()
  for (const [i, id] of ['a.detect', 'b.detect', 'c.detect'].entries())
    await schedules.upsertSchedule(scheduleEntry({ id }), startMs - i * minuteMs)
  expect((await schedules.dueBefore(startMs + 30_000, 2)).map(({ id }) => id)).toEqual(['c.detect', 'b.detect'])
  expect(await schedules.dueBefore(startMs - 2 * minuteMs, 10)).toEqual([])
})

test('advance refuses a decision about another score or generation, and then records nothing', async () => {
  const { schedules, ticks } = stores()
  await schedules.upsertSchedule(scheduleEntry(), startMs)
  const stored = (await schedules.get(key))!
  const nominalMs = stored.dueMs!
  const mark = { nominalMs, outcome: 'missed', reason: 'catch_up_none', lagMs: 7 } as const
  const change = { lastNominalMs: nominalMs, dueMs: nominalMs + minuteMs, marks: [mark], opened: [] }
  expect(await schedules.advance({ ...stored, dueMs: nominalMs - 1 }, change, startMs)).toBe(false)
  expect(await schedules.advance({ ...stored, generation: 9 }, change, startMs)).toBe(false)
  expect(await ticks.list(key, { fromMs: 0, untilMs: nominalMs })).toEqual([])
  expect(await schedules.advance(stored, change, startMs)).toBe(true)
  expect(await schedules.advance(stored, change, startMs)).toBe(false)
  expect(await ticks.list(key, { fromMs: 0, untilMs: nominalMs })).toEqual([mark])
  expect(await schedules.get(key)).toMatchObject({ lastNominalMs: nominalMs, dueMs: nominalMs + minuteMs })
})

test('a pause is kept with its span after it has ended', async () => {
  const { schedules } = stores()
  await schedules.upsertSchedule(scheduleEntry(), startMs)
  const paused = await schedules.setPaused(key, { reason: 'deploy' }, startMs + 1)
  expect(paused).toEqual(await schedules.get(key))
  await schedules.setPaused(key, { reason: 'longer deploy' }, startMs + 2)
  expect((await schedules.get(key))!.pause).toEqual({ reason: 'longer deploy', sinceMs: startMs + 1 })
  await schedules.setPaused(key, undefined, startMs + 9)
  expect((await schedules.get(key))!.pause).toEqual({
    reason: 'longer deploy',
    sinceMs: startMs + 1,
    untilMs: startMs + 9,
  })
  expect(await schedules.setPaused({ ...key, id: 'none' }, undefined, startMs)).toBeUndefined()
})

test('a removed schedule is due no more', async () => {
  const { schedules } = stores()
  await schedules.upsertSchedule(scheduleEntry(), startMs)
  expect(await schedules.removeSchedule(key, 7)).toBe('conflict')
  expect(await schedules.removeSchedule(key)).toBe('removed')
  expect(await schedules.removeSchedule(key)).toBe('missing')
  expect(await schedules.dueBefore(startMs + hourMs, 10)).toEqual([])
})

test('two writers at once lose no edit', async () => {
  const { schedules } = stores()
  await schedules.upsertSchedule(scheduleEntry(), startMs)
  await Promise.all(
    ['b2', 'b3', 'b4', 'b5'].map((bandKey) => schedules.upsertSchedule(scheduleEntry({ bandKey }), startMs)),
  )
  expect((await schedules.get(key))!.generation).toBe(5)
})
