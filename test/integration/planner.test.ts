import { expect, test, vi } from 'vitest'
import { createPlanner, type PlannerOptions, readHeartbeat } from '../../scheduler/planner.ts'
import type { SchedulePolicy } from '../../scheduler/planning/types.ts'
import type { ExecuteRun } from '../../scheduler/runs.ts'
import { createRunStore } from '../../scheduler/store/run-store.ts'
import { createScheduleStore, type ScheduleEntry } from '../../scheduler/store/schedule-store.ts'
import { hourMs, minuteMs, policy, scheduleEntry } from '../fakes/schedules.ts'
import { realRedis } from './real-redis.ts'
import { gate, runWorkers } from './run-workers.ts'

const real = realRedis()
const nineMs = Date.UTC(2026, 10, 2, 9)
const at = (minutes: number) => nineMs + minutes * minuteMs
const key = { tenant: 'default', id: 'cpu.detect' }
/** All tests but the last play on this clock. */
const clock = { nowMs: nineMs, now: () => clock.nowMs }
const { queue: openQueue, worker: startWorker } = runWorkers(real, clock)

async function scene(changes: Partial<ScheduleEntry> = {}, policyChanges: Partial<SchedulePolicy> = {}) {
  const { queue, runs, ticks } = openQueue()
  const schedules = createScheduleStore(real.redis)
  const counted: string[] = []
  const options: PlannerOptions = {
    ...{ redis: real.redis, clock, schedules, ticks, runs, queue },
    replica: 'one',
    metrics: {
      tick: (flow, outcome) => counted.push(`${flow} ${outcome}`),
      lostRun: (flow) => counted.push(`${flow} lost`),
      leader: () => undefined,
      dueOldest: () => undefined,
    },
  }
  clock.nowMs = nineMs
  const entry = scheduleEntry({ ...changes, policy: { ...policy, ...policyChanges } })
  await schedules.upsertSchedule(entry, nineMs)
  const planner = createPlanner(options)
  return {
    ...{ queue, runs, ticks, schedules, counted, planner, options, entry },
    /** Moves the clock to a minute after nine and plans. */
    plan: (minute: number) => {
      clock.nowMs = at(minute)
      return planner.planDue(clock.nowMs)
    },
    /** Outcomes by minute after nine. */
    story: async (id = entry.id) => {
      const list = await ticks.list({ tenant: 'default', id }, { fromMs: nineMs, untilMs: nineMs + 24 * hourMs })
      return list.map(({ nominalMs, outcome, reason }) => `${(nominalMs - nineMs) / minuteMs} ${outcome} ${reason}`)
    },
  }
}

/** A worker that ends every run at once and tells the minute of its T. */
function quickWorker(execute?: ExecuteRun) {
  const ran: number[] = []
  const { worker } = startWorker(async (job, control) => {
    ran.push((job.nominalMs - nineMs) / minuteMs)
    return execute?.(job, control) ?? {}
  })
  return { ran, worker }
}

const begun = (ran: readonly number[], expected: readonly number[]) =>
  vi.waitFor(() => expect(ran).toEqual(expected), { timeout: 10_000, interval: 20 })

/** Also BullMQ knows of the end: until then the next T of `skip` would be skipped. */
async function ended(ran: readonly number[], expected: readonly number[]): Promise<void> {
  await begun(ran, expected)
  await vi.waitFor(async () => expect(await real.redis.llen('{at}:q:detect:active')).toBe(0), { timeout: 10_000 })
}

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
  for (const minute of [1.15, 2, 3, 4, 5]) await plan(minute)
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

test('the reconciler ends a T whose job vanished and gives a schedule its due entry back', async () => {
  const { plan, planner, story, counted, schedules } = await scene()
  await plan(1)
  await real.redis.del(`{at}:q:detect:r.default.cpu.detect.${at(1)}`)
  expect(await planner.reconcile(at(1) + 1_000)).toMatchObject({ missedTicks: 0 })
  await real.redis.zrem('{at}:due', 'default/cpu.detect')
  expect(await planner.reconcile(at(2))).toEqual({ missedTicks: 1, lostRuns: 0, repaired: [key] })
  expect(await planner.reconcile(at(3))).toEqual({ missedTicks: 0, lostRuns: 0, repaired: [] })
  expect(await story()).toEqual(['1 missed run_lost'])
  expect(counted).toEqual(['detect missed'])
  expect((await schedules.get(key))!.dueMs).toBe(at(2))
})

test('the reconciler leaves ticks that wait for a worker alone', async () => {
  const { plan, planner, story } = await scene()
  await plan(1)
  expect(await planner.reconcile(at(60))).toEqual({ missedTicks: 0, lostRuns: 0, repaired: [] })
  expect(await story()).toEqual([])
})

test('the reconciler marks runs lost whose job is gone', async () => {
  const { planner, counted } = await scene()
  const runs = createRunStore(real.redis)
  const run = {
    runId: `r.default.cpu.detect.${at(1)}`,
    kind: 'tick',
    flow: 'detect',
    tenant: 'default',
    mission: 'cpu',
  } as const
  await runs.put({ ...run, nominalMs: at(1), state: 'active', attempt: 1, worker: 'gone', startedMs: at(1) })
  expect((await planner.reconcile(at(2))).lostRuns).toBe(1)
  expect(await runs.get(run.runId)).toMatchObject({ state: 'lost', endedMs: at(2) })
  expect(counted).toEqual(['detect lost'])
})

test('a schedule that lost its ticks’ day starts a new one', async () => {
  const { plan, story } = await scene()
  const { ran } = quickWorker()
  await plan(1)
  await ended(ran, [1])
  await real.redis.del(...(await real.redis.keys('{at}:tick:*')))
  await plan(2)
  await ended(ran, [1, 2])
  expect(await story()).toEqual(['2 run on_time'])
})

test('a standby takes over once the leader stops', async () => {
  const { options } = await scene()
  const leaders = new Set<string>()
  const lead = (replica: string) =>
    createPlanner({
      ...options,
      replica,
      metrics: { ...options.metrics, leader: (is) => void (is ? leaders.add(replica) : leaders.delete(replica)) },
    })
  const [one, two] = [lead('one'), lead('two')]
  one.start()
  await vi.waitFor(() => expect([...leaders]).toEqual(['one']))
  two.start()
  await vi.waitFor(async () => expect(await readHeartbeat(real.redis)).toEqual({ atMs: nineMs, replica: 'one' }))
  await one.stop()
  await vi.waitFor(() => expect([...leaders]).toEqual(['two']), { timeout: 10_000 })
  await two.stop()
  expect([...leaders]).toEqual([])
})
