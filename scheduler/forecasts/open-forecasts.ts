import { parseDuration } from '../../models/duration.ts'
import type { OpenProcess } from '../process/open-process.ts'
import { forecastMetrics } from '../process/run-metrics.ts'
import { taskMetrics } from '../process/task-metrics.ts'
import type { QueueSize } from '../queue/queue-size.ts'
import { openRedis } from '../redis/redis.ts'
import { readHeartbeats } from '../store/heartbeats.ts'
import { createForecastQueue } from './forecast-queue.ts'
import { createForecastService, type ForecastService } from './forecast-service.ts'
import { createForecastStore } from './forecast-store.ts'
import { type ForecastServer, serveForecasts } from './serve-forecasts.ts'

/** What the API offers, from what a scheduler process has opened, and what waits for it. */
export function openForecasts(running: OpenProcess): { service: ForecastService; size(): Promise<QueueSize> } {
  const { redis, clock, logger, closers, metrics, missionDeps } = running
  const now = () => clock.now()
  const onError = (error: Error) => logger.warn({ error: error.message }, 'queue error')
  const opened = createForecastQueue({ redis: redis.control, clock, onError })
  const queue = closers.add('forecast queue', opened, ({ close }) => close())
  const service = createForecastService({
    ...{ store: createForecastStore(redis.data, now), queue, settings: missionDeps.settings, now },
    counts: forecastMetrics(metrics),
    async workers() {
      const processes = await readHeartbeats(redis.control, clock)
      return processes.filter(({ role, isAlive }) => role === 'forecast' && isAlive).length
    },
  })
  return { service, size: queue.size }
}

/** What a forecast worker serves beside its runs. */
export function startForecastServer(running: OpenProcess): ForecastServer {
  const { config, redis, redisSettings, clock, logger, name, datasources, forecasters, missionDeps } = running
  const now = () => clock.now()
  const metrics = taskMetrics(running.metrics)
  return serveForecasts({
    ...{ store: createForecastStore(redis.data, now), settings: missionDeps.settings, forecasters, metrics, now, name },
    reader: datasources.reader,
    counts: forecastMetrics(running.metrics),
    lockDurationMs: parseDuration(config.worker.lock),
    stalledIntervalMs: parseDuration(config.worker.stalledCheck),
    connection: openRedis(redisSettings, 'control', 'worker'),
    onError: (error) => logger.warn({ error: error.message }, 'forecast worker error'),
    onSettled({ id, tenant, kind }, error) {
      const ended = error && { code: error.code, message: error.message }
      logger[error ? 'warn' : 'info']({ forecast: id, tenant, kind, error: ended }, 'forecast on demand')
    },
  })
}
