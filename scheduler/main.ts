import { once } from 'node:events'
import { parseDuration } from '../models/duration.ts'
import { buildApi, listenApi } from './api/app.ts'
import { runReader } from './api/run-reader.ts'
import type { Api } from './api/types.ts'
import { startBackfillDriver } from './backfills/backfill-driver.ts'
import { createBackfillService } from './backfills/service.ts'
import { createCalendarService } from './calendars/service.ts'
import type { Config } from './config.ts'
import { createDeploymentService } from './deployments/deployment-service.ts'
import { executeRuns } from './execution/execute-run.ts'
import { executionDeps } from './execution/execution-deps.ts'
import { configuredLimits, limitsOf } from './execution/limits-of.ts'
import { hasLiveShards } from './execution/split-forecast.ts'
import type { ForecastService } from './forecasts/forecast-service.ts'
import { openForecasts, startForecastServer } from './forecasts/open-forecasts.ts'
import { checkDefaultModels } from './inference/check-default-models.ts'
import { startMissionKeeper } from './missions/mission-keeper.ts'
import { createMissionService } from './missions/mission-service.ts'
import { createPlanner, type Planner } from './planning/planner.ts'
import { startHealthServer } from './process/health-server.ts'
import { type Logger, runLogger } from './process/log.ts'
import { type OpenProcess, runProcess } from './process/open-process.ts'
import { missionsReadiness, plannerReadiness } from './process/readiness-checks.ts'
import {
  cancelMetrics,
  collectBacklog,
  collectLateness,
  collectLeader,
  collectLimits,
  plannerMetrics,
  timedScores,
  workerMetrics,
} from './process/run-metrics.ts'
import { taskMetrics } from './process/task-metrics.ts'
import { handBackMs } from './queue/close-worker.ts'
import type { PoolName, QueueSize } from './queue/queue-size.ts'
import { createRunLimits, type RunLimits } from './queue/run-limits.ts'
import type { FlowName } from './queue/runs.ts'
import { createWorker, type RunWorker } from './queue/worker.ts'
import { openRedis } from './redis/redis.ts'
import { createLimitService, type LimitService } from './runs/limit-service.ts'
import { createRunService } from './runs/run-service.ts'
import { pauseFailing } from './schedules/pause-failing.ts'
import { createScheduleService } from './schedules/service.ts'
import { createSeriesService } from './series/series-service.ts'
import { createAuditStore } from './store/audit-store.ts'
import { readHeartbeats } from './store/heartbeats.ts'
import { createLimitStore } from './store/limit-store.ts'
import { requestLog } from './store/missions/request-log.ts'

/** API and planner of one replica. Resolves once everything is closed, after `signal` was aborted. */
export function runScheduler(config: Config, signal: AbortSignal): Promise<void> {
  return runProcess(config, 'scheduler', async (running) => {
    const { logger, closers } = running
    const forecasts = openForecasts(running)
    const queueSize: QueueSizes = (pool) => (pool === 'forecast-once' ? forecasts.size() : running.queue.size(pool))
    const planner = openPlanner(running, queueSize)
    const api = closers.add('API', await openApi(running, forecasts.service, queueSize), (opened) => opened.close())
    const url = await listenApi(api, config.listen)
    await running.announce(url)
    closers.add('planner', planner, (started) => started.stop()).start()
    closers.add('mission keeper', startMissionKeeper({ running, isLeader: planner.isLeader }), (keeper) =>
      keeper.stop(),
    )
    closers.add('backfill driver', openBackfillDriver(running, planner.isLeader), (driver) => driver.stop())
    logger.info({ url }, 'the scheduler listens')
    await aborted(signal)
    logger.info('the scheduler stops')
  })
}

type QueueSizes = (pool: PoolName) => Promise<QueueSize>

function openPlanner(running: OpenProcess, queueSize: QueueSizes): Planner {
  const { redis, clock, name, queue, stores, calendars, metrics, logger } = running
  const planner = createPlanner({
    ...{ redis: redis.control, clock, queue, replica: name, metrics: plannerMetrics(metrics) },
    ...{ schedules: stores.schedules, ticks: stores.ticks, runs: stores.runs, calendars },
    onError: (error) => logger.error({ error: String(error) }, 'the planner tries again'),
    onReconciled: (report) => logger.debug({ report }, 'reconciled'),
    onLate: (ms) => logger.warn({ behindSeconds: Math.round(ms / 1_000) }, 'the planner is behind'),
    onPunctual: (ms) => logger.info({ behindSeconds: Math.round(ms / 1_000) }, 'the planner has caught up'),
  })
  collectLeader(metrics, planner)
  collectLateness(metrics, stores.schedules, clock)
  collectBacklog(metrics, queueSize, redis.control)
  return planner
}

function openBackfillDriver(
  { stores, queue, clock, missionDeps, datasources, logger }: OpenProcess,
  isLeader: () => boolean,
) {
  const { backfillReachMs } = datasources
  return startBackfillDriver({
    ...{ ...stores, queue, clock, settings: missionDeps.settings, backfillReachMs, isLeader },
    onError: (error, backfill) =>
      logger.error({ backfill: backfill?.id, error: String(error) }, 'a backfill is tried again'),
  })
}

function openApi(running: OpenProcess, forecasts: ForecastService, queueSize: QueueSizes): Promise<Api> {
  const { config, metrics, logger, redis, clock, stores, installation, datasources } = running
  const installed = async () => (await installation.id()) !== undefined
  const missions = createMissionService({ ...running.missionDeps, installed })
  const now = () => clock.now()
  return buildApi({
    ...{ config, metrics, logger, datasources, ticks: stores.ticks },
    readiness: [
      ...running.readiness,
      plannerReadiness({ redis: redis.control, schedules: stores.schedules, clock }),
      missionsReadiness(installation),
    ],
    missions,
    deployments: createDeploymentService({ missions, installed: running.missionDeps.settings.models }),
    series: createSeriesService({
      ...{ mission: missions.get, reader: datasources.reader, requests: requestLog(redis.control), now },
      ...{ marks: stores.marks, cache: stores.cache, settings: running.missionDeps.settings },
    }),
    runs: runReader(stores.runs),
    runService: createRunService({ ...stores, clock, queue: running.queue, metrics: cancelMetrics(metrics) }),
    events: stores.events,
    audit: createAuditStore(redis.control),
    rateRedis: redis.control,
    limits: openLimitService(running),
    schedules: createScheduleService({ ...stores, clock, queue: running.queue, installed }),
    calendars: createCalendarService({ calendars: stores.calendars, reader: running.calendars, clock, installed }),
    backfills: createBackfillService({
      ...{ ...stores, clock, installed, settings: running.missionDeps.settings },
      backfillReachMs: datasources.backfillReachMs,
      futureWrites: async (tenant, name) => (await datasources.open(tenant, name)).writer.futureWrites,
    }),
    forecasts,
    fleet: { processes: () => readHeartbeats(redis.control, clock), queue: queueSize },
    now,
  })
}

/** A worker of one pool. Resolves once its runs have ended or were handed back, after `signal` was aborted. */
export function runWorker(config: Config, pool: FlowName, signal: AbortSignal): Promise<void> {
  return runProcess(config, pool, async (running) => {
    const { logger, metrics, closers } = running
    if (pool === 'forecast') checkDefaultModels(running.forecasters, config.defaults, logger)
    let deaf: string | undefined
    const health = await startHealthServer({
      ...{ listen: config.worker.listen, metrics, checks: running.readiness },
      dead: () => deaf,
    })
    const { url } = closers.add('health server', health, (server) => server.close())
    await running.announce(url)
    const worker = openWorker(running, pool, (reason) => {
      deaf = reason
      logger.error({ reason }, 'this worker should be restarted')
    })
    const graceMs = parseDuration(config.worker.grace)
    const workers = pool === 'forecast' ? [worker, startForecastServer(running)] : [worker]
    const close = () => Promise.all(workers.map((opened) => opened.close(graceMs)))
    closers.add('workers', workers, close, graceMs + 2 * handBackMs)
    await worker.ready()
    logger.info({ url, pool }, 'the worker takes runs')
    await aborted(signal)
    logger.info('the worker stops')
  })
}

function openWorker(running: OpenProcess, pool: FlowName, onDeaf: (reason: string) => void): RunWorker {
  const { config, logger, metrics, redis, clock } = running
  const pauseSchedule = pauseFailing({ schedules: running.stores.schedules, clock })
  const forecasts = pool === 'forecast' ? openForecasts(running).service : undefined
  return createWorker({
    ...{ flow: pool, redis: redis.control, clock, name: running.name, metrics: workerMetrics(metrics), onDeaf },
    connection: openRedis(running.redisSettings, 'control', 'worker'),
    execute: timedScores(executeRuns(executionDeps(running, taskMetrics(metrics), forecasts)), metrics, clock),
    concurrency: config.worker.concurrency[pool],
    limits: openLimits(running),
    hasLiveShards: hasLiveShards(running.queue),
    lockDurationMs: parseDuration(config.worker.lock),
    stalledIntervalMs: parseDuration(config.worker.stalledCheck),
    onError: (error) => logger.warn({ error: error.message }, 'worker error'),
    log: (job) => {
      let lines: Logger | undefined
      return (level, text) => {
        // of every run: only what is wrong with it is worth a line of the process
        const ours = level === 'info' ? 'debug' : level
        if (!logger.isLevelEnabled(ours)) return
        lines ??= runLogger(logger, job)
        lines[ours](text)
      }
    },
    async onSettled(record, job, failures) {
      const { state, attempt, summary, error } = record
      const level = error ? 'warn' : 'info'
      if (logger.isLevelEnabled(level)) runLogger(logger, job)[level]({ state, attempt, summary, error }, 'run')
      await pauseSchedule(record, job, failures)
    },
  })
}

const limitLeaseMs = 60_000

function openLimitService({ config, redis, stores, metrics, clock }: OpenProcess): LimitService {
  const store = createLimitStore(redis.control, limitLeaseMs)
  const service = createLimitService({ limits: configuredLimits(config.limits), store, logs: stores.logs, clock })
  collectLimits(metrics, service)
  return service
}

function openLimits({ config: { limits }, redis, stores, missionDeps, logger, name }: OpenProcess): RunLimits {
  return createRunLimits({
    worker: name,
    store: createLimitStore(redis.control, limitLeaseMs),
    limitsOf: limitsOf({ limits, mission: stores.missions.get, datasource: missionDeps.settings.datasource }),
    renewMs: limitLeaseMs / 3,
    onError: (error) => logger.warn({ error: error.message }, 'a limit could not be renewed'),
  })
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}
