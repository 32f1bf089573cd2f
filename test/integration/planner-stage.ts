import { expect, vi } from 'vitest'
import { createCalendarReader } from '../../scheduler/calendars/calendar-reader.ts'
import { createPlanner, type PlannerOptions } from '../../scheduler/planning/planner.ts'
import type { SchedulePolicy } from '../../scheduler/planning/types.ts'
import type { ExecuteRun } from '../../scheduler/queue/runs.ts'
import { createCalendarStore } from '../../scheduler/store/calendars/calendar-store.ts'
import { createScheduleStore } from '../../scheduler/store/ticks/schedule-store.ts'
import type { ScheduleEntry } from '../../scheduler/store/ticks/stored-schedule.ts'
import { hourMs, minuteMs, policy, scheduleEntry } from '../fakes/schedules.ts'
import type { realRedis } from './real-redis.ts'
import { runWorkers } from './run-workers.ts'

export const nineMs = Date.UTC(2026, 10, 2, 9)
/** Instant that many minutes after nine. */
export const at = (minutes: number) => nineMs + minutes * minuteMs
export const key = { tenant: 'default', id: 'cpu.detect' }

/** A planner, a queue and workers over a real Redis, on a clock that the test moves. */
export function plannerStage(real: ReturnType<typeof realRedis>) {
  const clock = { nowMs: nineMs, now: () => clock.nowMs }
  const { queue: openQueue, worker: startWorker } = runWorkers(real, clock)

  async function scene(changes: Partial<ScheduleEntry> = {}, policyChanges: Partial<SchedulePolicy> = {}) {
    const { queue, runs, ticks } = openQueue()
    const schedules = createScheduleStore(real.redis)
    const calendars = createCalendarStore(real.redis)
    const counted: string[] = []
    const options: PlannerOptions = {
      ...{ redis: real.redis, clock, schedules, ticks, runs, queue },
      replica: 'one',
      calendars: createCalendarReader({ calendars }),
      metrics: {
        tick: (flow, outcome) => counted.push(`${flow} ${outcome}`),
        lostRun: (flow) => counted.push(`${flow} lost`),
      },
    }
    clock.nowMs = nineMs
    const entry = scheduleEntry({ ...changes, policy: { ...policy, ...policyChanges } })
    await schedules.upsertSchedule(entry, nineMs)
    const planner = createPlanner(options)
    return {
      ...{ queue, runs, ticks, schedules, calendars, counted, planner, options, entry },
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

  return {
    clock,
    startWorker,
    scene,
    /** A worker that ends every run at once and tells the minute of its T. */
    quickWorker(execute?: ExecuteRun) {
      const ran: number[] = []
      startWorker(async (job, control) => {
        ran.push((job.nominalMs - nineMs) / minuteMs)
        return execute?.(job, control) ?? {}
      })
      return { ran }
    },
    begun,
    /** Also BullMQ knows of the end: until then the next T of `skip` would be skipped. */
    async ended(ran: readonly number[], expected: readonly number[]): Promise<void> {
      await begun(ran, expected)
      await vi.waitFor(async () => expect(await real.redis.llen('{at}:q:detect:active')).toBe(0), { timeout: 10_000 })
    },
  }
}

const begun = (ran: readonly number[], expected: readonly number[]) =>
  vi.waitFor(() => expect(ran).toEqual(expected), { timeout: 10_000, interval: 20 })
