import type { RedisClient } from '../../tasks/cache/redis.ts'
import type { ForecastMetrics } from '../forecasts/types.ts'
import type { TickMetrics } from '../planning/plan-due.ts'
import type { Planner, PlannerOptions } from '../planning/planner.ts'
import type { WorkerMetrics } from '../queue/attempt.ts'
import { type PoolName, poolNames, type QueueSize } from '../queue/queue-size.ts'
import type { ExecuteRun } from '../queue/runs.ts'
import type { LimitService } from '../runs/limit-service.ts'
import { keys } from '../store/ticks/schedule-keys.ts'
import type { ScheduleStore } from '../store/ticks/schedule-store.ts'
import type { Clock } from './clock.ts'
import type { Metrics } from './metrics.ts'

const tickMetrics = ({ ticks, tickLag }: Metrics): TickMetrics => ({
  tick(flow, outcome, lagMs) {
    ticks.inc({ flow, outcome })
    tickLag.observe({ flow }, lagMs / 1_000)
  },
})

interface Attempt {
  readonly flow: PoolName
  readonly seconds: number
  readonly error: string | undefined
}

function countAttempt({ runDuration, failedAttempts }: Metrics, { flow, seconds, error }: Attempt): void {
  runDuration.observe({ flow }, seconds)
  if (error !== undefined) failedAttempts.inc({ flow, code: error })
}

export function workerMetrics(metrics: Metrics): WorkerMetrics {
  return {
    ...cancelMetrics(metrics),
    attempt: (flow, seconds, error) => countAttempt(metrics, { flow, seconds, error }),
  }
}

/** Of runs that end without a worker. */
export function cancelMetrics(metrics: Metrics): TickMetrics & Pick<WorkerMetrics, 'run'> {
  return { ...tickMetrics(metrics), run: (flow, result) => metrics.runs.inc({ flow, result }) }
}

/** Forecasts on demand, counted as runs of their flow. */
export function forecastMetrics(metrics: Metrics): ForecastMetrics {
  const flow = 'forecast-once' satisfies PoolName
  return {
    attempt: (seconds, error) => countAttempt(metrics, { flow, seconds, error }),
    end: (result) => metrics.runs.inc({ flow, result }),
  }
}

export function plannerMetrics(metrics: Metrics): PlannerOptions['metrics'] {
  return {
    ...tickMetrics(metrics),
    lostRun: (flow) => metrics.runs.inc({ flow, result: 'lost' }),
  }
}

/** The same runs; a tick of detect tells how long its newest step waited for its score. */
export function timedScores(execute: ExecuteRun, metrics: Pick<Metrics, 'scoreLatency'>, clock: Clock): ExecuteRun {
  return async (job, control) => {
    let plan = job.detectPlan
    const updateJob: typeof control.updateJob = async (updated) => {
      plan = updated.detectPlan
      await control.updateJob(updated)
    }
    const summary = await execute(job, { ...control, updateJob })
    if (job.kind === 'tick' && job.retriedAfter === undefined && plan && plan.window.fromMs < plan.window.untilMs)
      metrics.scoreLatency.observe((clock.now() - plan.window.untilMs) / 1_000)
    return summary
  }
}

/** Whether this replica leads, asked for each scrape. */
export function collectLeader({ beforeScrape, plannerLeader }: Metrics, { isLeader }: Pick<Planner, 'isLeader'>): void {
  beforeScrape(async () => plannerLeader.set(isLeader() ? 1 : 0))
}

/** How late planning is, asked for each scrape and by every replica: also while nobody plans. */
export function collectLateness(
  { beforeScrape, dueOldest }: Metrics,
  schedules: Pick<ScheduleStore, 'nextDueMs'>,
  clock: Clock,
): void {
  beforeScrape(async () => {
    const dueMs = await schedules.nextDueMs()
    dueOldest.set(dueMs === undefined ? 0 : Math.max(0, clock.now() - dueMs) / 1_000)
  })
}

/** Use of the configured limits, read for each scrape. */
export function collectLimits(
  { beforeScrape, limitInUse, limitSize }: Metrics,
  limits: Pick<LimitService, 'list'>,
): void {
  beforeScrape(async () => {
    for (const { name, most, inUse } of await limits.list()) {
      limitInUse.set({ name }, inUse)
      limitSize.set({ name }, most)
    }
  })
}

/** What waits in Redis, read for each scrape. */
export function collectBacklog(
  metrics: Metrics,
  size: (pool: PoolName) => Promise<QueueSize>,
  redis: RedisClient,
): void {
  metrics.beforeScrape(async () => {
    for (const pool of poolNames) {
      const { nextWaitMs, ...states } = await size(pool)
      for (const [state, count] of Object.entries(states)) metrics.queueJobs.set({ pool, state }, count)
      metrics.queueOldestWait.set({ pool }, nextWaitMs / 1_000)
    }
    const [all, due] = await Promise.all([redis.zcard(keys.schedules), redis.zcard(keys.due)])
    metrics.schedules.set({ state: 'active' }, due)
    metrics.schedules.set({ state: 'finished' }, all - due)
  })
}
