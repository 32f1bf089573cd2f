import type { RedisClient } from '../../tasks/cache/redis.ts'
import { readHeartbeat } from '../planning/planner.ts'
import { checkRedis } from '../redis/redis-check.ts'
import type { Installation } from '../store/installation.ts'
import type { ScheduleStore } from '../store/ticks/schedule-store.ts'
import type { Clock } from './clock.ts'
import type { ReadinessCheck } from './readiness.ts'

/** Two leases and a bit: a replica that takes over has done a pass by then. */
const plannerSilentMs = 15_000
const plannerLateMs = 60_000

/** Redis answers and would keep what it is given. */
export function redisReadiness(name: string, redis: RedisClient): ReadinessCheck {
  return { name, check: async () => (await checkRedis(redis)).problems[0] }
}

/** The leader has filled Redis, so that what is asked about missions has an answer. */
export function missionsReadiness(installation: Pick<Installation, 'id'>): ReadinessCheck {
  return {
    name: 'refill',
    check: async () =>
      (await installation.id()) === undefined ? 'Redis is being filled: its leader logs what keeps it' : undefined,
  }
}

export interface PlannerReadinessDeps {
  readonly redis: RedisClient
  readonly schedules: Pick<ScheduleStore, 'nextDueMs'>
  readonly clock: Clock
}

/** Some replica plans, not necessarily this one, and keeps up. */
export function plannerReadiness({ redis, schedules, clock }: PlannerReadinessDeps): ReadinessCheck {
  return {
    name: 'planner',
    async check() {
      const heartbeat = await readHeartbeat(redis)
      if (!heartbeat) return 'no replica has planned in the last minute'
      const silentMs = clock.now() - heartbeat.atMs
      if (silentMs > plannerSilentMs)
        return `${heartbeat.replica} has not planned for ${Math.round(silentMs / 1_000)} s`
      const lateMs = clock.now() - ((await schedules.nextDueMs()) ?? Number.POSITIVE_INFINITY)
      return lateMs > plannerLateMs ? `${heartbeat.replica} is behind by ${Math.round(lateMs / 1_000)} s` : undefined
    },
  }
}
