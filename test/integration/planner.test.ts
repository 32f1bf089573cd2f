import { expect, test, vi } from 'vitest'
import { minuteMs, policy } from '../fakes/schedules.ts'
import { at, key, nineMs, plannerStage } from './planner-stage.ts'
import { realRedis } from './real-redis.ts'
import { gate } from './run-workers.ts'

const real = realRedis()
const { begun, clock, ended, quickWorker, scene, startWorker } = plannerStage(real)

test('each due T becomes one run, and an instant planned twice changes nothing', async () => {
  const { plan, story, planner } = await scene()
  const { ran } = quickWorker()
  expect(await plan(0.9)).toEqual({ decided: 0, overtaken: 0, enqueued: 0 })
  expect(await plan(1)).toEqual({ decided: 1, overtaken: 0, enqueued: 1 })
  expect(await planner.planDue(at(1))).toEqual({ decided: 0, overtaken: 0, enqueued: 0 })
  await ended(ran, [1])
  await plan(2)
  await ended(ran, [1, 2])
  expect(await story()).toEqual(['1 run on_time', '2 run on_time'])
})

test('a job tells the worker all of the policy that it needs', async () => {
  const { plan, queue } = await scene({ flow: 'forecast', id: 'cpu.forecast' }, { overlap: 'bufferLatest' })
  await plan(1)
  const seen: unknown[] = []
  startWorker(async (job) => ({ seen: seen.push(job) }), { flow: 'forecast' })
  await vi.waitFor(() => expect(seen).toHaveLength(1))
  expect(seen[0]).toEqual({
    ...{ runId: `r.default.cpu.forecast.${at(1)}`, kind: 'tick', flow: 'forecast', tenant: 'default', mission: 'cpu' },
    ...{ nominalMs: at(1), bandKey: 'b1', enqueuedMs: at(1), scheduleId: 'cpu.forecast', overlap: 'latest' },
    ...{ timeoutMs: policy.timeoutMs, startDeadlineMs: policy.startDeadlineMs },
  })
  expect((await queue.size('detect')).waiting).toBe(0)
})

test('catch-up none after an outage: what was missed stays missed', async () => {
  const { plan, story, counted } = await scene({}, { catchUp: 'none' })
  const { ran } = quickWorker()
  await plan(3.5)
  await plan(4)
  await ended(ran, [4])
  expect(await story()).toEqual([
    '1 missed catch_up_none',
    '2 missed catch_up_none',
    '3 missed catch_up_none',
    '4 run on_time',
  ])
  expect(counted).toEqual(['detect missed', 'detect missed', 'detect missed'])
})

test('catch-up latest after an outage: the newest stands for the others', async () => {
  const { plan, story } = await scene()
  const { ran } = quickWorker()
  await plan(3.5)
  await ended(ran, [3])
  expect(await story()).toEqual(['1 coalesced newer_due', '2 coalesced newer_due', '3 run caught_up'])
})

test('catch-up all of a fast schedule looks again so soon that it catches up', async () => {
  const spec = { kind: 'every', everyMs: 1_000, phaseMs: 0 } as const
  const { plan, schedules } = await scene(
    { flow: 'forecast', id: 'cpu.forecast', spec },
    { catchUp: 'all', maxCatchUpTicks: 1_000 },
  )
  await plan(1)
  expect(await schedules.nextDueMs()).toBe(clock.nowMs + 250)
})

test('catch-up all after an outage: oldest first, one at a time, whatever the overlap', async () => {
  const { plan, story } = await scene(
    { flow: 'forecast', id: 'cpu.forecast' },
    { catchUp: 'all', overlap: 'allow', maxCatchUpTicks: 3 },
  )
  const hold = gate()
  const ran: number[] = []
  startWorker(
    async (job) => {
      ran.push((job.nominalMs - nineMs) / minuteMs)
      await hold.opened
      return {}
    },
    { flow: 'forecast' },
  )
  expect((await plan(5.5)).enqueued).toBe(1)
  await begun(ran, [3])
  expect((await plan(5.6)).enqueued).toBe(0)
  hold.open()
  for (const minute of [4, 5]) {
    await vi.waitFor(async () => {
      await plan(clock.nowMs / minuteMs - nineMs / minuteMs + 0.05)
      expect(ran).toContain(minute)
    })
  }
  expect(ran).toEqual([3, 4, 5])
  expect(await story()).toEqual([
    ...['1 missed catch_up_limit', '2 missed catch_up_limit'],
    ...['3 run caught_up', '4 run caught_up', '5 run caught_up'],
  ])
})

test('overlap skip behind a run that hangs: skipped with the holder, then on again', async () => {
  const { plan, ticks, queue } = await scene()
  const hold = gate()
  const { ran } = quickWorker(async () => {
    await hold.opened
    return {}
  })
  await plan(1)
  await begun(ran, [1])
  await plan(2)
  expect(await ticks.list(key, { fromMs: at(1), untilMs: at(9) })).toEqual([
    { nominalMs: at(2), outcome: 'skipped_overlap', reason: 'holder_active', byNominalMs: at(1) },
  ])
  hold.open()
  await vi.waitFor(async () => expect((await queue.size('detect')).active).toBe(0))
  await plan(3)
  await ended(ran, [1, 3])
})

test('overlap bufferLatest with no worker for hours: only the newest T is left to run', async () => {
  const { plan, story, queue, counted } = await scene({}, { overlap: 'bufferLatest' })
  for (const minute of [1, 2, 3, 4]) await plan(minute)
  expect((await queue.size('detect')).waiting).toBe(1)
  const { ran } = quickWorker()
  await ended(ran, [4])
  expect(await story()).toEqual([
    '1 coalesced newer_due',
    '2 coalesced newer_due',
    '3 coalesced newer_due',
    '4 run on_time',
  ])
  expect(counted).toEqual(['detect coalesced', 'detect coalesced', 'detect coalesced'])
})

test('a pause ends T’s as paused, also those that are planned after it has ended', async () => {
  const { plan, story, schedules } = await scene()
  const { ran } = quickWorker()
  await plan(1)
  await schedules.setPaused(key, { reason: 'deploy' }, at(1.5))
  await plan(2)
  await schedules.setPaused(key, undefined, at(3.5))
  await plan(4)
  await ended(ran, [1, 4])
  expect(await story()).toEqual(['1 run on_time', '2 paused paused', '3 paused paused', '4 run on_time'])
})

test('a pause with an end is over by itself', async () => {
  const { plan, story, schedules } = await scene()
  const { ran } = quickWorker()
  await schedules.setPaused(key, { reason: 'deploy', untilMs: at(2.5) }, nineMs)
  for (const minute of [1, 2, 3]) await plan(minute)
  await ended(ran, [3])
  expect(await story()).toEqual(['1 paused paused', '2 paused paused', '3 run on_time'])
})

test('an edit keeps the T that is due and moves the others', async () => {
  const { plan, story, schedules, entry } = await scene()
  const { ran } = quickWorker()
  await schedules.upsertSchedule({ ...entry, spec: { kind: 'every', everyMs: 5 * minuteMs, phaseMs: 0 } }, at(1.1))
  await plan(1.15)
  // else the run of T 5 would be skipped behind it
  await ended(ran, [1])
  for (const minute of [2, 3, 4, 5]) await plan(minute)
  await ended(ran, [1, 5])
  expect(await story()).toEqual(['1 run on_time', '5 run on_time'])
})

test('a clock that steps back an hour fires nothing again', async () => {
  const { plan } = await scene()
  const { ran } = quickWorker()
  await plan(61)
  await ended(ran, [61])
  for (const minute of [1, 30, 60, 61]) expect((await plan(minute)).enqueued).toBe(0)
  await plan(62)
  await ended(ran, [61, 62])
})

test('a removed schedule is planned no more', async () => {
  const { plan, schedules } = await scene()
  await schedules.removeSchedule(key)
  expect(await plan(1)).toEqual({ decided: 0, overtaken: 0, enqueued: 0 })
})
