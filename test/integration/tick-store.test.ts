import { expect, test } from 'vitest'
import { keys } from '../../scheduler/store/ticks/schedule-keys.ts'
import { createScheduleStore } from '../../scheduler/store/ticks/schedule-store.ts'
import type { TickMark } from '../../scheduler/store/ticks/tick-codec.ts'
import { createTickStore } from '../../scheduler/store/ticks/tick-store.ts'
import { scheduleEntry } from '../fakes/schedules.ts'
import { realRedis } from './real-redis.ts'

const real = realRedis()
const dayMs = 86_400_000
const midnightMs = Date.UTC(2026, 10, 2)
const schedule = { tenant: 'default', id: 'cpu.detect', flow: 'detect' } as const
const everything = { fromMs: 0, untilMs: midnightMs + 5 * dayMs }

const ran = (nominalMs: number, lagMs = 0): TickMark => ({ nominalMs, outcome: 'run', reason: 'on_time', lagMs })

test('every outcome comes back as it was recorded', async () => {
  const ticks = createTickStore(real.redis)
  const marks: TickMark[] = [
    ran(midnightMs, 250),
    { nominalMs: midnightMs + 1, outcome: 'skipped_overlap', reason: 'holder_active', byNominalMs: midnightMs },
    { nominalMs: midnightMs + 2, outcome: 'coalesced', reason: 'newer_due', byNominalMs: midnightMs + 60_000 },
    { nominalMs: midnightMs + dayMs - 1, outcome: 'missed', reason: 'run_lost', lagMs: 2 ** 27 - 1 },
    { nominalMs: midnightMs + dayMs, outcome: 'expired', reason: 'start_deadline', lagMs: 0 },
    { nominalMs: midnightMs + dayMs + 1, outcome: 'paused', reason: 'paused', lagMs: 1 },
    { nominalMs: midnightMs + dayMs + 2, outcome: 'calendar', reason: 'calendar', calendarSerial: 1 },
  ]
  for (const mark of marks) await ticks.record(schedule, mark)
  const [first, ...rest] = await ticks.list(schedule, everything)
  expect(first).toEqual({ ...marks[0], runId: `r.default.cpu.detect.${midnightMs}` })
  expect(rest).toEqual(marks.slice(1))
})

test('ticks recorded in any order are listed by T, within the range', async () => {
  const ticks = createTickStore(real.redis)
  const order = [5, 1, 9, 3, 7, 2, 8, 4, 6, 0]
  for (const i of order) await ticks.record(schedule, ran(midnightMs + i * 60_000))
  const range = { fromMs: midnightMs + 2 * 60_000, untilMs: midnightMs + 6 * 60_000 }
  expect((await ticks.list(schedule, range)).map((tick) => (tick.nominalMs - midnightMs) / 60_000)).toEqual([
    3, 4, 5, 6,
  ])
  expect(await ticks.list(schedule, everything)).toHaveLength(10)
})

test('the oldest of one outcome are listed up to a number, over days', async () => {
  const ticks = createTickStore(real.redis)
  const missed = (nominalMs: number): TickMark => ({ nominalMs, outcome: 'missed', reason: 'run_lost', lagMs: 0 })
  for (const day of [0, 1, 2])
    for (const i of [0, 1, 2]) {
      await ticks.record(schedule, ran(midnightMs + day * dayMs + 2 * i))
      await ticks.record(schedule, missed(midnightMs + day * dayMs + 2 * i + 1))
    }
  const found = await ticks.list(schedule, { ...everything, outcome: 'missed', limit: 4 })
  expect(found).toEqual([1, 3, 5, dayMs + 1].map((ms) => missed(midnightMs + ms)))
  expect(await ticks.list(schedule, { ...everything, limit: 7 })).toHaveLength(7)
})

test('the first final outcome stays; only a buffered one gives way', async () => {
  const ticks = createTickStore(real.redis)
  const mark = { nominalMs: midnightMs, lagMs: 3 }
  expect(await ticks.record(schedule, { ...mark, outcome: 'buffered', reason: 'holder_active' })).toMatchObject({
    outcome: 'buffered',
  })
  expect(await ticks.record(schedule, ran(midnightMs, 5))).toMatchObject({ outcome: 'run' })
  expect(await ticks.record(schedule, { ...mark, outcome: 'missed', reason: 'run_lost' })).toMatchObject({
    outcome: 'run',
  })
  expect(await ticks.record(schedule, { ...mark, outcome: 'buffered', reason: 'holder_active' })).toMatchObject({
    outcome: 'run',
  })
  expect(await ticks.list(schedule, everything)).toMatchObject([{ outcome: 'run', lagMs: 5 }])
})

test('lags beyond 37 hours are kept as the longest', async () => {
  const ticks = createTickStore(real.redis)
  await ticks.record(schedule, ran(midnightMs, 10 * dayMs))
  expect((await ticks.list(schedule, everything))[0]!.lagMs).toBe(2 ** 27 - 1)
})

test('a day of minutes takes 8 bytes a tick and a header of 4, and goes away by itself', async () => {
  const ticks = createTickStore(real.redis)
  await Promise.all(Array.from({ length: 1_440 }, (_, i) => ticks.record(schedule, ran(midnightMs + i * 60_000))))
  const day = `${keys.ticks(schedule)}${midnightMs / dayMs}`
  expect(await real.redis.strlen(day)).toBe(4 + 8 * 1_440)
  const ttlMs = await real.redis.pttl(day)
  expect(ttlMs).toBeGreaterThan(2 * dayMs)
  expect(ttlMs).toBeLessThanOrEqual(3 * dayMs)
})

test('a day in another form counts as absent', async () => {
  const ticks = createTickStore(real.redis)
  const day = `${keys.ticks(schedule)}${midnightMs / dayMs}`
  await real.redis.set(day, 'ATK\u0009something else')
  expect(await ticks.list(schedule, everything)).toEqual([])
  await ticks.record(schedule, ran(midnightMs))
  expect(await ticks.list(schedule, everything)).toHaveLength(1)
})

test('counters hold final outcomes of schedules that exist', async () => {
  const ticks = createTickStore(real.redis)
  await ticks.record(schedule, ran(midnightMs - 1))
  expect(await ticks.counters(schedule)).toEqual({})
  await createScheduleStore(real.redis).upsertSchedule(scheduleEntry(), midnightMs)
  await ticks.record(schedule, ran(midnightMs))
  await ticks.record(schedule, ran(midnightMs))
  await ticks.record(schedule, { nominalMs: midnightMs + 1, outcome: 'buffered', reason: 'holder_active', lagMs: 0 })
  await ticks.record(schedule, { nominalMs: midnightMs + 1, outcome: 'missed', reason: 'run_lost', lagMs: 0 })
  expect(await ticks.counters(schedule)).toEqual({ run: 1, missed: 1 })
})
