import { hostname } from 'node:os'
import { AppError } from '../../models/errors.ts'
import { createForecasters } from '../../models/registry.ts'
import { createForecastCache } from '../../tasks/cache/forecast-cache.ts'
import type { Config } from '../config.ts'
import { futureWritesMemory, openDatasources } from '../datasources/datasources.ts'
import type { MissionSettings } from '../missions/document/resolved.ts'
import { createRunQueue } from '../queue/queue.ts'
import { connectRedis, type RedisConnections } from '../redis/redis.ts'
import { type RedisClock, redisClock } from '../redis/redis-clock.ts'
import { type ProcessInfo, startHeartbeat } from '../store/heartbeats.ts'
import { createInstallation } from '../store/installation.ts'
import { createHealthStore } from '../store/missions/health-store.ts'
import { createMarksStore } from '../store/missions/marks-store.ts'
import { createMissionStore } from '../store/missions/mission-store.ts'
import { createRunStore } from '../store/ticks/run-store.ts'
import { createScheduleStore } from '../store/ticks/schedule-store.ts'
import { createTickStore } from '../store/ticks/tick-store.ts'
import { createLogger, type Logger } from './log.ts'
import { createMetrics, packageVersion } from './metrics.ts'
import type { ReadinessCheck } from './readiness.ts'
import { redisReadiness } from './readiness-checks.ts'

export type OpenProcess = Awaited<ReturnType<typeof openProcess>>

/** What every process of ours has: Redis and its clock, stores, datasources, metrics, log. Closed in reverse order. */
export async function openProcess(config: Config, role: ProcessInfo['role']) {
  const logger = createLogger({ level: config.log.level, role })
  const metrics = createMetrics()
  if (!config.redis)
    throw new AppError('INVALID_CONFIG', 'redis.url is missing (AT_REDIS_URL): there is no local default')
  const redis = await connectRedis(config.redis, {
    onError(target, error) {
      metrics.redisErrors.inc({ target })
      logger.warn({ target, error: error.message }, 'Redis connection error')
    },
  })
  const closers: (() => Promise<void> | void)[] = [() => redis.close()]
  const closing = <T>(opened: T, close: (opened: T) => Promise<void> | void): T => {
    closers.push(() => close(opened))
    return opened
  }
  const clock = closing(await redisClock(redis.control), (opened: RedisClock) => opened.close())
  const now = () => clock.now()
  const datasources = closing(
    openDatasources({ config, metrics, now, memory: futureWritesMemory(redis.control) }),
    (opened) => opened.close(),
  )
  const onError = (error: Error) => logger.warn({ error: error.message }, 'queue error')
  const queue = closing(createRunQueue({ redis: redis.control, clock, onError }), (opened) => opened.close())
  const forecasters = closing(createForecasters(), (opened) => opened.close())
  const stores = openStores({ redis, now, logger })
  const missionDeps = {
    ...{ ...stores, clock, queue },
    settings: missionSettings(config, { find: datasources.find, models: forecasters.names }),
    checkQuery: (datasource: string, query: string) => datasources.reader(datasource).checkQuery({ query }),
  }
  const installation = createInstallation(redis.control)
  const name = `${hostname()}.${process.pid}.${role}`
  return {
    ...{ config, redisSettings: config.redis, logger, metrics, redis, clock, datasources, queue, forecasters },
    ...{ name, stores, missionDeps, installation },
    readiness: redisChecks(redis),
    /** Tells the others that this process is there. */
    async announce(url: string): Promise<void> {
      const info = { name, role, version: packageVersion, url, startedMs: clock.now() }
      closing(await startHeartbeat(redis.control, info, clock), (heartbeat) => heartbeat.stop())
    },
    async close(): Promise<void> {
      for (const close of closers.toReversed()) await close()
    },
  }
}

interface StoreOptions {
  readonly redis: RedisConnections
  readonly now: () => number
  readonly logger: Logger
}

function openStores({ redis: { control, data }, now, logger }: StoreOptions) {
  const onInvalid = (what: string) => logger.warn({ what }, 'a kept forecast cannot be read and is taken for absent')
  return {
    cache: createForecastCache({ redis: data, now, onInvalid }),
    missions: createMissionStore(control),
    marks: createMarksStore(control),
    health: createHealthStore(control),
    schedules: createScheduleStore(control),
    ticks: createTickStore(control),
    runs: createRunStore(control),
  }
}

function missionSettings(
  { defaults }: Config,
  { find, models }: { find: ReturnType<typeof openDatasources>['find']; models: readonly string[] },
): MissionSettings {
  return { datasource: find, defaults, models }
}

function redisChecks({ control, data }: RedisConnections): readonly ReadinessCheck[] {
  return [redisReadiness('redis', control), ...(data === control ? [] : [redisReadiness('redis (data)', data)])]
}
