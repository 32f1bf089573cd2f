import { expect, test } from 'vitest'
import { createCalendarReader } from '../../scheduler/calendars/calendar-reader.ts'
import { createPlanner } from '../../scheduler/planning/planner.ts'
import { runIds } from '../../scheduler/queue/runs.ts'
import type { CalendarStore } from '../../scheduler/store/calendars/calendar-store.ts'
import { storedCalendar } from '../fakes/calendars.ts'
import { policy, scheduleEntry } from '../fakes/schedules.ts'
import { at, key, nineMs, plannerStage } from './planner-stage.ts'
import { realRedis } from './real-redis.ts'

const real = realRedis()
const { ended, quickWorker, scene } = plannerStage(real)

const minutes = (from: number, to: number) => [
  { from: new Date(at(from)).toISOString(), to: new Date(at(to)).toISOString() },
]

async function put(calendars: CalendarStore, document: object) {
  const before = await calendars.get({ tenant: 'default', id: storedCalendar(document).id })
  const serial = before?.serial ?? (await calendars.newSerial())
  const generation = (before?.generation ?? 0) + 1
  expect(await calendars.replace(storedCalendar(document, { serial, generation }), before?.generation)).toBe(true)
}

test('T’s within a window end as calendar and name it, those around it run', async () => {
  const { plan, story, ticks, calendars, counted } = await scene({ labels: { team: 'sre' } })
  const { ran } = quickWorker()
  await put(calendars, { selector: 'team=web', id: 'other', windows: minutes(0, 60) })
  await put(calendars, { selector: 'team=sre', windows: minutes(2, 4) })
  for (const minute of [1, 2, 3, 4]) {
    await plan(minute)
    await ended(ran, minute < 4 ? [1] : [1, 4])
  }
  expect(await story()).toEqual(['1 run on_time', '2 calendar calendar', '3 calendar calendar', '4 run on_time'])
  const named = (await ticks.list(key, { fromMs: nineMs, untilMs: at(4) })).map(({ calendar }) => calendar)
  expect(named).toEqual([undefined, 'freeze', 'freeze', undefined])
  expect(await ticks.counters(key)).toEqual({ run: 2, calendar: 2 })
  expect(counted.filter((each) => each.includes('calendar'))).toEqual(['detect calendar', 'detect calendar'])
})

test('what changes is in force at the next T, on every planner', async () => {
  const { plan, story, calendars, options } = await scene()
  const second = createPlanner({ ...options, replica: 'two', calendars: createCalendarReader({ calendars }) })
  await second.planDue(at(0.5))
  await put(calendars, { windows: minutes(0, 60) })
  await second.planDue(at(1))
  await plan(2)
  await put(calendars, { windows: minutes(0, 3) })
  await second.planDue(at(3))
  await put(calendars, { windows: minutes(3.5, 60) })
  await plan(4)
  await calendars.remove({ tenant: 'default', id: 'freeze' })
  await second.planDue(at(5))
  expect((await story()).filter((each) => each.includes('calendar'))).toEqual([
    '1 calendar calendar',
    '2 calendar calendar',
    '4 calendar calendar',
  ])
})

test('a calendar that is gone still has its name in the ticks that it took', async () => {
  const { plan, ticks, calendars } = await scene()
  await put(calendars, { windows: minutes(0, 60) })
  await plan(1)
  await calendars.remove({ tenant: 'default', id: 'freeze' })
  await put(calendars, { windows: minutes(0, 60) })
  await plan(2)
  const list = await ticks.list(key, { fromMs: nineMs, untilMs: at(4) })
  expect(list.map(({ calendar }) => calendar)).toEqual(['freeze', 'freeze'])
  expect(new Set(list.map(({ calendarSerial }) => calendarSerial)).size).toBe(2)
})

test('after an outage of the planner T’s of the window stay taken, under each catch-up', async () => {
  const catchUps = ['none', 'latest', 'all'] as const
  const { schedules, calendars, plan, queue, story } = await scene(
    { flow: 'forecast', id: 'latest' },
    { catchUp: 'latest' },
  )
  for (const catchUp of catchUps)
    await schedules.upsertSchedule(
      scheduleEntry({ flow: 'forecast', id: catchUp, policy: { ...policy, catchUp } }),
      nineMs,
    )
  await put(calendars, { windows: minutes(2, 8) })
  await plan(7.5)
  const excused = [2, 3, 4, 5, 6, 7].map((minute) => `${minute} calendar calendar`)
  expect(await story('none')).toEqual(['1 missed catch_up_none', ...excused])
  expect([await story('latest'), await story('all')]).toEqual([excused, excused])
  const run = (id: string) => queue.state('forecast', runIds.tick('default', id, at(1)))
  expect(await Promise.all(catchUps.map(run))).toEqual([undefined, 'waiting', 'waiting'])
})

test('two thousand schedules that are due at once ask for one number, with a thousand calendars', async () => {
  const { schedules, calendars, options, ticks } = await scene()
  for (let i = 0; i < 2_000; i++)
    await schedules.upsertSchedule(scheduleEntry({ id: `s${i}`, labels: { team: `t${i}` } }), nineMs)
  const add = async (i: number) => {
    const document = { id: `c${i}`, selector: `team=t${i}`, windows: minutes(0, 60) }
    await calendars.replace(storedCalendar(document, { serial: await calendars.newSerial() }), undefined)
  }
  await Promise.all(Array.from({ length: 1_000 }, (_, i) => add(i)))
  const counts = { revision: 0, all: 0 }
  const counted = {
    revision: () => calendars.revision().finally(() => counts.revision++),
    async *all() {
      counts.all++
      yield* calendars.all()
    },
  }
  const planner = createPlanner({ ...options, calendars: createCalendarReader({ calendars: counted }) })
  expect((await planner.planDue(at(1))).decided).toBe(2_001)
  expect((await planner.planDue(at(2))).decided).toBe(2_001)
  expect(counts).toEqual({ revision: 2, all: 1 })
  const calendarOf = async (id: string) => (await ticks.list({ ...key, id }, { fromMs: nineMs, untilMs: at(1) }))[0]
  expect(await calendarOf('s999')).toMatchObject({ outcome: 'calendar', calendar: 'c999' })
  expect(await calendarOf('s1000')).toBeUndefined()
})
