import { expect, test, vi } from 'vitest'
import { createPlanner, type Planner, readHeartbeat } from '../../scheduler/planning/planner.ts'
import { minuteMs, scheduleEntry } from '../fakes/schedules.ts'
import { at, key, nineMs, plannerStage } from './planner-stage.ts'
import { realRedis } from './real-redis.ts'

const real = realRedis()
const { clock, ended, quickWorker, scene, startWorker } = plannerStage(real)

test('5,000 schedules due in one second, planned by two planners at once: each T once', async () => {
  const { schedules, queue, ticks, options } = await scene()
  await schedules.removeSchedule(key)
  const ids = Array.from({ length: 5_000 }, (_, i) => `m${i}.detect`)
  await Promise.all(
    ids.map((id, i) =>
      schedules.upsertSchedule(
        scheduleEntry({ id, mission: `m${i}`, spec: { kind: 'every', everyMs: minuteMs, phaseMs: i % 1_000 } }),
        nineMs - 1_000,
      ),
    ),
  )
  const planners = [createPlanner(options), createPlanner({ ...options, replica: 'two' })]
  clock.nowMs = nineMs + 999
  const begunMs = performance.now()
  const reports = await Promise.all(planners.map((planner) => planner.planDue(clock.nowMs)))
  process.stdout.write(
    `planned 5,000 schedules in ${Math.round(performance.now() - begunMs)} ms by two planners at once\n`,
  )
  expect(reports[0]!.decided + reports[1]!.decided).toBe(5_000)
  expect((await queue.size('detect')).waiting).toBe(5_000)
  let runs = 0
  startWorker(async () => ({ runs: ++runs }), { concurrency: 100, lockDurationMs: 60_000 })
  await vi.waitFor(() => expect(runs).toBe(5_000), { timeout: 30_000, interval: 100 })
  const lists = await Promise.all(
    ids.map((id) => ticks.list({ tenant: 'default', id }, { fromMs: nineMs - 1, untilMs: at(1) })),
  )
  expect(lists.every((list) => list.length === 1 && list[0]!.outcome === 'run')).toBe(true)
  expect(await real.redis.zcard('{at}:open')).toBe(0)
}, 60_000)

test('two planners that lead at once make no second run and no second outcome', async () => {
  const { options, ticks } = await scene()
  const { ran } = quickWorker()
  const other = createPlanner({ ...options, replica: 'two' })
  const one = createPlanner(options)
  for (let minute = 1; minute <= 20; minute++) {
    clock.nowMs = at(minute)
    await Promise.all([one.planDue(clock.nowMs), other.planDue(clock.nowMs)])
    await ended(
      ran,
      Array.from({ length: minute }, (_, i) => i + 1),
    )
  }
  const list = await ticks.list(key, { fromMs: nineMs, untilMs: at(60) })
  expect(list.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 20 }, () => 'run'))
})

test('a standby takes over once the leader stops', async () => {
  const { options } = await scene()
  const planners = ['one', 'two'].map((replica) => createPlanner({ ...options, replica }))
  const [one, two] = planners as [Planner, Planner]
  const leaders = () => planners.filter((planner) => planner.isLeader())
  one.start()
  await vi.waitFor(() => expect(leaders()).toEqual([one]))
  two.start()
  await vi.waitFor(async () => expect(await readHeartbeat(real.redis)).toEqual({ atMs: nineMs, replica: 'one' }))
  await one.stop()
  await vi.waitFor(() => expect(leaders()).toEqual([two]), { timeout: 10_000 })
  await two.stop()
  expect(leaders()).toEqual([])
})
