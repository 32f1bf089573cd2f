import { type Job, Worker } from 'bullmq'
import { createPlanner, type Planner, type PlannerOptions } from '../../scheduler/planning/planner.ts'
import type { SchedulePolicy } from '../../scheduler/planning/types.ts'
import { createRunQueue } from '../../scheduler/queue/queue.ts'
import type { RunJob } from '../../scheduler/queue/runs.ts'
import { createOverlapStore } from '../../scheduler/store/ticks/overlap-store.ts'
import { createRunStore } from '../../scheduler/store/ticks/run-store.ts'
import { keys, queuePrefix } from '../../scheduler/store/ticks/schedule-keys.ts'
import { createScheduleStore } from '../../scheduler/store/ticks/schedule-store.ts'
import type { ScheduleEntry } from '../../scheduler/store/ticks/stored-schedule.ts'
import { createTickStore } from '../../scheduler/store/ticks/tick-store.ts'
import { hourMs, minuteMs } from '../fakes/schedules.ts'
import type { realRedis } from './real-redis.ts'

const token = 'simulated'

/** A start that a worker was allowed. */
export interface Start {
  readonly nominalMs: number
  /** T's of other runs that were at work then. */
  readonly beside: readonly number[]
  readonly isFirst: boolean
}

export type World = Awaited<ReturnType<typeof openWorld>>

/**
 * One schedule with the real planner, queue and Redis, on a simulated clock, and a worker whose every step is the test's:
 * it may be killed before or after a run was begun, with or without its job.
 */
export async function openWorld(real: ReturnType<typeof realRedis>, policy: SchedulePolicy) {
  const { redis } = real
  const clock = { nowMs: Date.UTC(2026, 10, 2, 9), now: () => clock.nowMs }
  const [schedules, ticks, runs] = [createScheduleStore(redis), createTickStore(redis), createRunStore(redis)]
  const [queue, overlaps] = [createRunQueue({ redis, clock }), createOverlapStore(redis)]
  const connection = real.connect()
  const fetcher = new Worker<RunJob>('detect', null, { connection, prefix: queuePrefix, autorun: false })
  const entry: ScheduleEntry = {
    ...{ tenant: 'default', id: 'probe', mission: '', flow: 'detect', bandKey: '', policy },
    ...{
      spec: { kind: 'every', everyMs: minuteMs, phaseMs: 0 },
      own: { id: 'probe', flow: 'noop', spec: { every: '1m' } },
    },
  }
  const startMs = clock.nowMs
  await schedules.upsertSchedule(entry, startMs)
  const options: PlannerOptions = {
    ...{ redis, clock, schedules, ticks, runs, queue, replica: 'one' },
    metrics: { tick: () => undefined, lostRun: () => undefined },
  }
  const planner = createPlanner(options)
  const atWork: Job<RunJob>[] = []
  const starts: Start[] = []

  async function fetchOne(): Promise<Job<RunJob> | undefined> {
    await fetcher.waitUntilReady()
    return (await fetcher.getNextJob(token, { block: false })) ?? undefined
  }

  /** The job is gone as well: Redis lost it. */
  async function forget(job: Job<RunJob>): Promise<void> {
    await redis.multi().del(keys.job('detect', job.data.runId)).lrem(`${queuePrefix}:detect:active`, 0, job.id!).exec()
  }

  /** All that waits, one after the other. */
  async function work(): Promise<void> {
    for (let i = 0; i < 100; i++) {
      const isBegun = await begin()
      if (!isBegun && atWork.length === 0) return
      while (atWork.length > 0) await atWork.shift()!.moveToCompleted({}, token, false)
    }
    throw new Error('the queue does not come to an end')
  }

  async function begin(): Promise<boolean> {
    const job = await fetchOne()
    if (!job) return false
    const { nominalMs, enqueuedMs, startDeadlineMs = 0 } = job.data
    const isLate = clock.nowMs > Math.max(nominalMs, enqueuedMs) + startDeadlineMs
    const { verdict, outcome } = await overlaps.begin(job.data, clock.nowMs, isLate)
    if (verdict === 'wait') await job.moveToDelayed(Date.now() + 1, token)
    else if (verdict === 'drop') await job.moveToCompleted({}, token, false)
    else {
      if (outcome !== 'run') throw new Error(`T ${nominalMs} began as ${outcome}`)
      const isFirst = !starts.some((start) => start.nominalMs === nominalMs)
      starts.push({ nominalMs, isFirst, beside: atWork.map(({ data }) => data.nominalMs) })
      atWork.push(job)
    }
    return true
  }

  return {
    ...{ clock, entry, startMs, schedules, ticks, starts, atWork, planner, begin },
    plan: () => planner.planDue(clock.nowMs),
    planTwice: () => Promise.all([planner, createPlanner(options)].map((one) => one.planDue(clock.nowMs))),
    /** Killed after the runs were enqueued and before the schedule was advanced. */
    planKilled: () => ignoreKill(crashing(options, { advance: killed }), clock.nowMs),
    /** Killed when it had decided. */
    planKilledEarly: () => ignoreKill(crashing({ ...options, queue: { ...queue, enqueue: killed } }), clock.nowMs),
    async end(): Promise<void> {
      await atWork.shift()?.moveToCompleted({}, token, false)
    },
    /** A worker is killed at work: its job is another's, or gone. */
    async killAtWork(withJob: boolean): Promise<void> {
      const job = atWork.pop()
      if (job) await (withJob ? forget(job) : job.moveToWait(token))
    },
    /** A worker is killed between fetching and beginning. */
    async killFetched(withJob: boolean): Promise<void> {
      const job = await fetchOne()
      if (job) await (withJob ? forget(job) : job.moveToWait(token))
    },
    /** Nothing fails any more; time passes until nothing is left to do. */
    async settle(): Promise<void> {
      await schedules.setPaused(entry, undefined, clock.nowMs)
      const latestMs = Number(await redis.hget(keys.schedule(entry), 'last'))
      clock.nowMs = Math.max(clock.nowMs, latestMs) + 2 * hourMs
      // what is caught up one by one is tried every two seconds
      for (let i = 0; i < 12; i++) {
        clock.nowMs += 2_100
        await planner.planDue(clock.nowMs)
        await work()
      }
      clock.nowMs += 31_000
      await planner.reconcile(clock.nowMs)
    },
    async close(): Promise<void> {
      await fetcher.close(true)
      await queue.close()
    },
  }
}

const killed = () => Promise.reject(new Error('killed'))

/** What was killed sets nothing aside. */
const crashing = (options: PlannerOptions, changes: Partial<PlannerOptions['schedules']> = {}): Planner =>
  createPlanner({
    ...{ ...options, replica: 'killed' },
    schedules: { ...options.schedules, setAside: killed, ...changes },
  })

async function ignoreKill(planner: Planner, nowMs: number): Promise<void> {
  await planner.planDue(nowMs).catch((error: Error) => {
    if (error.message !== 'killed') throw error
  })
}
