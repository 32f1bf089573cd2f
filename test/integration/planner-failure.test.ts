import { expect, test, vi } from 'vitest'
import { createPlanner } from '../../scheduler/planning/planner.ts'
import type { CatchUp } from '../../scheduler/planning/types.ts'
import type { EnqueueRequest } from '../../scheduler/queue/runs.ts'
import { at, key, nineMs, plannerStage } from './planner-stage.ts'
import { realRedis } from './real-redis.ts'
import { gate } from './run-workers.ts'

const real = realRedis()
const { clock, ended, quickWorker, scene } = plannerStage(real)

const minutes = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

/** A second planner that stops between what it decided and what it does about it, until the gate opens. */
function stoppedPlanner({ options, queue }: Awaited<ReturnType<typeof scene>>) {
  const [decided, hold] = [gate(), gate()]
  const enqueue = async (requests: readonly EnqueueRequest[]) => {
    decided.open()
    await hold.opened
    return queue.enqueue(requests)
  }
  const planner = createPlanner({ ...options, replica: 'stopped', queue: { ...queue, enqueue } })
  return { planner, decided: decided.opened, goOn: hold.open }
}

test('a planner that lost its lease after it had decided doubles nothing', async () => {
  const stage = await scene()
  const { plan, story, queue } = stage
  const { ran } = quickWorker()
  const stopped = stoppedPlanner(stage)
  clock.nowMs = at(1)
  const late = stopped.planner.planDue(clock.nowMs)
  await stopped.decided
  await plan(1)
  await ended(ran, [1])
  await plan(2)
  await ended(ran, [1, 2])
  stopped.goOn()
  expect(await late).toEqual({ decided: 0, overtaken: 1, enqueued: 0 })
  expect((await queue.size('detect')).waiting).toBe(0)
  await plan(3)
  await ended(ran, [1, 2, 3])
  expect(await story()).toEqual(['1 run on_time', '2 run on_time', '3 run on_time'])
})

test('nor does it when the job of that T is forgotten already, nor is the next T skipped for it', async () => {
  const stage = await scene()
  const { plan, story } = stage
  const { ran } = quickWorker()
  const stopped = stoppedPlanner(stage)
  clock.nowMs = at(1)
  const late = stopped.planner.planDue(clock.nowMs)
  await stopped.decided
  await plan(1)
  await ended(ran, [1])
  // finished jobs are kept by number: with many schedules for half a minute
  await real.redis.del(`{at}:q:detect:r.default.cpu.detect.${at(1)}`)
  stopped.goOn()
  expect(await late).toEqual({ decided: 0, overtaken: 1, enqueued: 0 })
  expect((await plan(2)).enqueued).toBe(1)
  await ended(ran, [1, 2])
  expect(await story()).toEqual(['1 run on_time', '2 run on_time'])
})

test('a planner killed between enqueueing and advancing: the next one finds the same run', async () => {
  const stage = await scene()
  const { plan, story, schedules, options } = stage
  const { ran } = quickWorker()
  const kill = () => Promise.reject(new Error('killed'))
  const killed = createPlanner({
    ...options,
    schedules: { ...schedules, advance: kill, setAside: kill },
  })
  clock.nowMs = at(1)
  await expect(killed.planDue(clock.nowMs)).rejects.toThrow('killed')
  await ended(ran, [1])
  expect(await plan(1)).toEqual({ decided: 1, overtaken: 0, enqueued: 0 })
  await plan(2)
  await ended(ran, [1, 2])
  expect(await story()).toEqual(['1 run on_time', '2 run on_time'])
})

const stops: readonly { catchUp: CatchUp; ran: readonly number[]; left: string }[] = [
  { catchUp: 'none', ran: [13], left: 'missed catch_up_none' },
  { catchUp: 'latest', ran: [12, 13], left: 'coalesced newer_due' },
  { catchUp: 'all', ran: minutes(3, 13), left: '' },
]

test.each(stops)('a planner stopped for ten minutes, catch-up $catchUp', async ({ catchUp, ran: expected, left }) => {
  const own = { id: 'probe', flow: 'noop', spec: { every: '1m' } }
  const changes = { id: 'probe', mission: '', own } as const
  const { plan, story } = await scene(changes, { catchUp, maxCatchUpTicks: 100 })
  const { ran } = quickWorker()
  for (const minute of [1, 2]) {
    await plan(minute)
    await ended(ran, minutes(1, minute))
  }
  // nobody plans from 3 to 12; then every 2.4 s
  for (let i = 0; i < 12; i++) {
    await plan(12.5 + 0.04 * i)
    await vi.waitFor(async () => expect(await real.redis.zcard('{at}:open')).toBe(0))
    await vi.waitFor(async () => expect(await real.redis.llen('{at}:q:detect:active')).toBe(0))
  }
  await plan(13)
  await ended(ran, [1, 2, ...expected])
  const lines = minutes(3, 12).map((minute) =>
    expected.includes(minute) ? `${minute} run caught_up` : `${minute} ${left}`,
  )
  expect(await story()).toEqual(['1 run on_time', '2 run on_time', ...lines, '13 run on_time'])
})

test('a clock that steps an hour ahead and back again: every T once, none twice', async () => {
  const { plan, story, schedules } = await scene()
  const { ran } = quickWorker()
  await plan(1)
  await ended(ran, [1])
  await plan(61.5)
  await ended(ran, [1, 61])
  for (const minute of [2, 3, 30, 60, 61]) expect((await plan(minute)).enqueued).toBe(0)
  expect((await schedules.get(key))?.dueMs).toBe(at(62))
  await plan(62)
  await ended(ran, [1, 61, 62])
  expect(await story()).toEqual([
    '1 run on_time',
    ...minutes(2, 60).map((minute) => `${minute} coalesced newer_due`),
    ...['61 run caught_up', '62 run on_time'],
  ])
})

test('many schedules after a night without a planner: every T has its outcome', async () => {
  const { schedules, ticks, plan, entry } = await scene()
  const ids = Array.from({ length: 150 }, (_, i) => `m${i}.detect`)
  for (const id of ids) await schedules.upsertSchedule({ ...entry, id }, nineMs)
  expect((await plan(8 * 60)).decided).toBe(151)
  const coalesced = minutes(1, 479).map(() => 'coalesced')
  for (const id of ids) {
    const list = await ticks.list({ tenant: 'default', id }, { fromMs: nineMs, untilMs: at(480) })
    expect(list.map(({ outcome }) => outcome)).toEqual(coalesced)
  }
})

test('a schedule that cannot be advanced, or whose run cannot be enqueued, stops no other', async () => {
  const { schedules, plan, story, entry } = await scene()
  const { ran } = quickWorker()
  for (const id of ['no-overlap.detect', 'no-ticks.detect']) await schedules.upsertSchedule({ ...entry, id }, nineMs)
  await real.redis.set('{at}:overlap:default:no-overlap.detect', 'of another kind')
  await plan(3)
  await ended(ran, [3, 3])
  const [ticksOfDay] = await real.redis.keys('{at}:tick:default:no-ticks.detect:*')
  await real.redis.multi().del(ticksOfDay!).lpush(ticksOfDay!, 'of another kind').exec()
  await plan(4)
  await ended(ran, [3, 3, 4])
  expect(await story()).toEqual(['1 coalesced newer_due', '2 coalesced newer_due', '3 run on_time', '4 run on_time'])
  for (const id of ['no-overlap.detect', 'no-ticks.detect'])
    expect((await schedules.get({ tenant: 'default', id }))?.dueMs, id).toBe(at(5))
})

test('a planner that is behind says so once, and once that it is not any more', async () => {
  const { options } = await scene()
  const told: string[] = []
  clock.nowMs = at(1.5)
  const planner = createPlanner({
    ...options,
    onLate: (ms) => told.push(`behind by ${ms / 1_000} s`),
    onPunctual: (ms) => told.push(`was behind by ${ms / 1_000} s`),
  })
  planner.start()
  await vi.waitFor(() => expect(told).toEqual(['behind by 30 s', 'was behind by 30 s']), { timeout: 10_000 })
  await planner.stop()
})
