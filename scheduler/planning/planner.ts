import { setTimeout as sleep } from 'node:timers/promises'
import type { RedisClient } from '../../tasks/cache/redis.ts'
import type { Clock } from '../process/clock.ts'
import type { ClosableRunQueue } from '../queue/queue.ts'
import { plannerLease } from '../redis/lease.ts'
import { keys } from '../store/ticks/schedule-keys.ts'
import { rememberCatchUpStarts } from './catch-up-starts.ts'
import { type LatenessOptions, watchLateness } from './lateness.ts'
import { type PlanDeps, type PlanReport, planDue } from './plan-due.ts'
import { type ReconcileDeps, type ReconcileReport, reconcile } from './reconcile-runs.ts'

export interface PlannerOptions extends PlanDeps, ReconcileDeps, LatenessOptions {
  readonly redis: RedisClient
  readonly clock: Clock
  /** Differs between replicas. */
  readonly replica: string
  readonly queue: ClosableRunQueue
  readonly metrics: PlanDeps['metrics'] & ReconcileDeps['metrics']
  readonly onError?: (error: unknown) => void
  readonly onReconciled?: (report: ReconcileReport) => void
}

export interface Planner {
  /** One pass at an instant of the caller's, whoever leads. */
  planDue(nowMs: number): Promise<PlanReport>
  reconcile(nowMs: number): Promise<ReconcileReport>
  /** True while this replica plans, and no longer than its lease is good for. */
  isLeader(): boolean
  start(): void
  /** Ends the pass under way and gives the lease back. */
  stop(): Promise<void>
}

const leaseMs = 5_000
const longestWaitMs = 250
const longestBackoffMs = 2_000
const reconcileEveryMs = 60_000
const heartbeatEveryMs = 1_000
const promoteEveryMs = 1_000
const heartbeatKeptMs = 60_000

/**
 * Plans while it leads and stands by while another replica does. Nothing is lost while Redis is away: what is due is
 * derived from the last T decided.
 */
export function createPlanner(options: PlannerOptions): Planner {
  const { redis, clock, replica, schedules, onError = () => undefined } = options
  const lease = plannerLease(redis, { owner: replica, ttlMs: leaseMs })
  const planning = { ...options, catchUpStarts: rememberCatchUpStarts() }
  const noteLateness = watchLateness(options)
  const stopping = new AbortController()
  const isDue = {
    ...{ lease: timer(leaseMs / 3), heartbeat: timer(heartbeatEveryMs) },
    ...{ reconcile: timer(reconcileEveryMs), promote: timer(promoteEveryMs) },
  }
  let loop: Promise<void> | undefined

  async function pass(): Promise<number> {
    if (isDue.lease()) await lease.hold()
    if (!lease.isHeld()) return leaseMs / 3
    const nowMs = clock.now()
    noteLateness(nowMs - ((await schedules.nextDueMs()) ?? nowMs))
    await planDue(planning, nowMs)
    if (isDue.heartbeat()) await redis.set(keys.heartbeat, `${nowMs} ${replica}`, 'PX', heartbeatKeptMs)
    if (isDue.promote()) await options.queue.promoteOverdue(nowMs)
    if (isDue.reconcile()) await tidy(nowMs)
    const dueMs = await schedules.nextDueMs()
    const waitMs = dueMs === undefined ? longestWaitMs : dueMs - clock.now()
    return Math.min(Math.max(waitMs, 1), longestWaitMs)
  }

  async function tidy(nowMs: number): Promise<void> {
    const report = await reconcile(options, nowMs)
    options.onReconciled?.(report)
    await options.queue.trim()
  }

  async function run(): Promise<void> {
    let failures = 0
    while (!stopping.signal.aborted) {
      let waitMs: number
      try {
        waitMs = await pass()
        failures = 0
      } catch (error) {
        onError(error)
        waitMs = Math.min(50 * 2 ** failures++, longestBackoffMs)
      }
      await sleep(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
    if (lease.isHeld()) await lease.release().catch(onError)
  }

  return {
    planDue: (nowMs) => planDue(planning, nowMs),
    reconcile: (nowMs) => reconcile(options, nowMs),
    isLeader: () => lease.isHeld(),
    start: () => {
      loop ??= run()
    },
    stop: async () => {
      stopping.abort()
      await loop
    },
  }
}

/** True when at least `everyMs` have passed since it was true last; true at first. */
function timer(everyMs: number): () => boolean {
  let lastMs = Number.NEGATIVE_INFINITY
  return () => {
    const nowMs = performance.now()
    if (nowMs - lastMs < everyMs) return false
    lastMs = nowMs
    return true
  }
}

/** When a planner completed a pass last, whichever replica led; for readiness. */
export async function readHeartbeat(redis: RedisClient): Promise<{ atMs: number; replica: string } | undefined> {
  const [atMs, replica] = ((await redis.get(keys.heartbeat)) ?? '').split(' ')
  return replica === undefined ? undefined : { atMs: Number(atMs), replica }
}
