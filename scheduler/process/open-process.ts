import { hostname } from 'node:os'
import { createForecastCache } from '../../tasks/cache/forecast-cache.ts'
import { createCalendarReader } from '../calendars/calendar-reader.ts'
import { requireRedis } from '../config/require-redis.ts'
import type { Config } from '../config.ts'
import { answersNothing } from '../datasources/answers-nothing.ts'
import { futureWritesMemory, openDatasources } from '../datasources/datasources.ts'
import { openForecasters } from '../inference/open-forecasters.ts'
import type { MissionSettings } from '../missions/document/resolved.ts'
import type { AskedQuery } from '../missions/mission-deps.ts'
import { type ModelCatalog, openCatalog } from '../model-store/model-catalog.ts'
import { catalogOptions } from '../model-store/store-settings.ts'
import { storedForecasters } from '../model-store/stored-forecasters.ts'
import { createRunQueue } from '../queue/queue.ts'
import { connectRedis, type RedisConnections, type RedisTarget } from '../redis/redis.ts'
import { redisClock } from '../redis/redis-clock.ts'
import { createBackfillStore } from '../store/backfills/backfill-store.ts'
import { createCalendarStore } from '../store/calendars/calendar-store.ts'
import { eventStore } from '../store/events-store.ts'
import { type ProcessInfo, startHeartbeat } from '../store/heartbeats.ts'
import { createInstallation } from '../store/installation.ts'
import { createHealthStore } from '../store/missions/health-store.ts'
import { createMarksStore } from '../store/missions/marks-store.ts'
import { createMissionStore } from '../store/missions/mission-store.ts'
import type { OnUnreadable } from '../store/stored-document.ts'
import { createCancelStore } from '../store/ticks/cancel-store.ts'
import { createRunLogStore } from '../store/ticks/run-log-store.ts'
import { createRunStore } from '../store/ticks/run-store.ts'
import { createScheduleStore } from '../store/ticks/schedule-store.ts'
import { createTickStore } from '../store/ticks/tick-store.ts'
import { type CloserStack, closerStack } from './closer-stack.ts'
import { createLogger, type Logger } from './log.ts'
import { createMetrics, packageVersion } from './metrics.ts'
import type { ReadinessCheck } from './readiness.ts'
import { redisReadiness } from './readiness-checks.ts'
import { unreadableDocuments } from './unreadable-documents.ts'

export type OpenProcess = Awaited<ReturnType<typeof openProcess>>

/**
 * Opens what every process of ours has, lets it work, and closes all that was opened by then, however that ended.
 * @throws what the work or its opening threw; INTERNAL naming what could not be closed.
 */
export async function runProcess(
  config: Config,
  role: ProcessInfo['role'],
  work: (running: OpenProcess) => Promise<void>,
): Promise<void> {
  const logger = createLogger({ level: config.log.level, role })
  const closers = closerStack(logger)
  try {
    await work(await openProcess({ config, role, logger, closers }))
  } catch (error) {
    // its closers log what they have to say
    await closers.close().catch(() => undefined)
    throw error
  }
  await closers.close()
}

const workersMaxStaleMs = 1_000

interface ProcessOptions {
  readonly config: Config
  readonly role: ProcessInfo['role']
  readonly logger: Logger
  readonly closers: CloserStack
}

/** Redis and its clock, stores, datasources, metrics. */
async function openProcess({ config, role, logger, closers }: ProcessOptions) {
  const metrics = createMetrics()
  const redisSettings = requireRedis(config)
  const onRedisError = (target: RedisTarget, error: Error) => {
    metrics.redisErrors.inc({ target })
    logger.warn({ target, error: error.message }, 'Redis connection error')
  }
  const close = (opened: { close(): unknown }) => opened.close()
  const redis = closers.add('Redis', await connectRedis(redisSettings, { onError: onRedisError }), close)
  const clock = closers.add('clock', await redisClock(redis.control), close)
  const now = () => clock.now()
  const memory = futureWritesMemory(redis.control)
  const datasources = closers.add('datasources', openDatasources({ config, metrics, now, memory }), close)
  const onError = (error: Error) => logger.warn({ error: error.message }, 'queue error')
  const queue = closers.add('queue', createRunQueue({ redis: redis.control, clock, onError }), close)
  const registry = closers.add('forecasters', openForecasters(config, metrics), close)
  const catalog = openCatalog(catalogOptions(config, registry.names))
  const forecasters = storedForecasters(registry, catalog)
  if (role !== 'detect') warnOfDefaults(config, catalog, logger)
  const onUnreadable = unreadableDocuments(metrics, logger)
  const stores = openStores({ redis, now, logger, onUnreadable })
  const calendars = createCalendarReader({
    ...{ calendars: stores.calendars, onUnreadable },
    // a T is planned by the calendars of its moment; workers look at what is over
    maxStaleMs: role === 'scheduler' ? 0 : workersMaxStaleMs,
  })
  const missionDeps = {
    ...{ ...stores, clock, queue, calendars },
    settings: missionSettings(config, { find: datasources.find, models: registry.names, catalog }),
    async checkQuery({ tenant, datasource, ...query }: AskedQuery) {
      const reader = datasources.reader(tenant, datasource)
      await reader.checkQuery(query)
      const evalDelayMs = datasources.find(tenant, datasource)?.evalDelayMs ?? 0
      return { isEmpty: await answersNothing(reader, query, now() - evalDelayMs) }
    },
    takesOldSamples: datasources.takesOldSamples,
  }
  const name = `${hostname()}.${process.pid}.${role}`
  return {
    ...{ config, redisSettings, logger, metrics, redis, clock, datasources, queue, forecasters },
    ...{ name, stores, calendars, missionDeps, closers },
    installation: createInstallation(redis.control),
    readiness: redisChecks(redis),
    /** Tells the others that this process is there. */
    async announce(url: string): Promise<void> {
      const info = { name, role, version: packageVersion, url, startedMs: clock.now() }
      closers.add('heartbeat', await startHeartbeat(redis.control, info, clock), (heartbeat) => heartbeat.stop())
    },
  }
}

/** Missions that name no model would be forecast by their fall-back, or not at all. */
function warnOfDefaults({ defaults }: Config, catalog: ModelCatalog, logger: Logger): void {
  for (const setting of ['model', 'fallback'] as const) {
    const problem = catalog.problem(defaults[setting])
    if (problem !== undefined) logger.warn({ setting: `defaults.${setting}`, problem }, 'a model cannot be used')
  }
}

interface StoreOptions {
  readonly redis: RedisConnections
  readonly now: () => number
  readonly logger: Logger
  readonly onUnreadable: OnUnreadable
}

function openStores({ redis: { control, data }, now, logger, onUnreadable }: StoreOptions) {
  const onInvalid = (what: string) => logger.warn({ what }, 'a kept forecast cannot be read and is taken for absent')
  return {
    cache: createForecastCache({ redis: data, now, onInvalid }),
    missions: createMissionStore(control, onUnreadable),
    marks: createMarksStore(control),
    health: createHealthStore(control, onUnreadable),
    backfills: createBackfillStore(control, onUnreadable),
    calendars: createCalendarStore(control, onUnreadable),
    schedules: createScheduleStore(control, onUnreadable),
    ticks: createTickStore(control, onUnreadable),
    runs: createRunStore(control, onUnreadable),
    logs: createRunLogStore(control),
    cancels: createCancelStore(control),
    events: eventStore(control),
  }
}

interface SettingsParts extends Pick<ReturnType<typeof openDatasources>, 'find'> {
  readonly models: readonly string[]
  readonly catalog: ModelCatalog
}

function missionSettings({ defaults }: Config, { find, models, catalog }: SettingsParts): MissionSettings {
  const { problem: modelProblem, warning: modelWarning, takesCovariates } = catalog
  return { datasource: find, defaults, models, modelProblem, modelWarning, takesCovariates }
}

function redisChecks({ control, data }: RedisConnections): readonly ReadinessCheck[] {
  return [redisReadiness('redis', control), ...(data === control ? [] : [redisReadiness('redis (data)', data)])]
}
