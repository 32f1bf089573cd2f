import { once } from 'node:events'
import { Redis } from 'ioredis'
import { parseDuration } from '../models/duration.ts'
import { buildApi, listenApi } from './api/app.ts'
import { runReader } from './api/run-reader.ts'
import type { Config } from './config.ts'
import { executeRuns } from './execution/execute-run.ts'
import { executionDeps } from './execution/execution-deps.ts'
import { startMissionKeeper } from './missions/mission-keeper.ts'
import { createMissionService } from './missions/mission-service.ts'
import { createPlanner } from './planning/planner.ts'
import { startHealthServer } from './process/health-server.ts'
import { runLogger } from './process/log.ts'
import { openProcess } from './process/open-process.ts'
import { missionsReadiness, plannerReadiness } from './process/readiness-checks.ts'
import { collectBacklog, plannerMetrics, timedScores, workerMetrics } from './process/run-metrics.ts'
import { taskMetrics } from './process/task-metrics.ts'
import type { FlowName } from './queue/runs.ts'
import { createWorker } from './queue/worker.ts'
import { redisOptions } from './redis/redis.ts'
import { readHeartbeats } from './store/heartbeats.ts'

/** API and planner of one replica. Resolves once everything is closed, after `signal` was aborted. */
export async function runScheduler(config: Config, signal: AbortSignal): Promise<void> {
  const running = await openProcess(config, 'scheduler')
  const { logger, metrics, redis, clock, stores, installation } = running
  const installed = async () => (await installation.id()) !== undefined
  let isLeader = false
  const planner = createPlanner({
    ...{ redis: redis.control, clock, replica: running.name, queue: running.queue },
    ...{ schedules: stores.schedules, ticks: stores.ticks, runs: stores.runs },
    metrics: plannerMetrics(metrics, (leads) => {
      isLeader = leads
    }),
    onError: (error) => logger.error({ error: String(error) }, 'the planner tries again'),
    onReconciled: (report) => logger.debug({ report }, 'reconciled'),
  })
  collectBacklog(metrics, running.queue, redis.control)
  const keeper = startMissionKeeper({ running, isLeader: () => isLeader })
  const api = await buildApi({
    ...{
      config,
      metrics,
      logger,
      readiness: [...running.readiness, plannerReadiness(redis.control, clock), missionsReadiness(installation)],
      ticks: stores.ticks,
      datasources: running.datasources,
    },
    missions: createMissionService({ ...running.missionDeps, installed }),
    runs: runReader(stores.runs),
    fleet: { processes: () => readHeartbeats(redis.control, clock), queue: (flow) => running.queue.size(flow) },
    now: () => clock.now(),
  })
  try {
    const url = await listenApi(api, config.listen)
    await running.announce(url)
    planner.start()
    logger.info({ url }, 'the scheduler listens')
    await aborted(signal)
    logger.info('the scheduler stops')
  } finally {
    await api.close()
    await keeper.stop()
    await planner.stop()
    await running.close()
  }
}

/** A worker of one pool. Resolves once its runs have ended or were handed back, after `signal` was aborted. */
export async function runWorker(config: Config, pool: FlowName, signal: AbortSignal): Promise<void> {
  const running = await openProcess(config, pool)
  const { logger, metrics, redis, clock } = running
  let deaf: string | undefined
  const worker = createWorker({
    ...{ flow: pool, redis: redis.control, clock, name: running.name, metrics: workerMetrics(metrics) },
    connection: new Redis(redisOptions(running.redisSettings, 'control', 'worker')),
    execute: timedScores(executeRuns(executionDeps(running, taskMetrics(metrics))), metrics, clock),
    concurrency: config.worker.concurrency[pool],
    lockDurationMs: parseDuration(config.worker.lock),
    stalledIntervalMs: parseDuration(config.worker.stalledCheck),
    onError: (error) => logger.warn({ error: error.message }, 'worker error'),
    onDeaf(reason) {
      deaf = reason
      logger.error({ reason }, 'this worker should be restarted')
    },
    onSettled(record, job) {
      const { state, attempt, summary, error } = record
      runLogger(logger, job)[error ? 'warn' : 'info']({ state, attempt, summary, error }, 'run')
    },
  })
  const health = await startHealthServer({
    ...{ listen: config.worker.listen, metrics, checks: running.readiness },
    dead: () => deaf,
  })
  try {
    await worker.ready()
    await running.announce(health.url)
    logger.info({ url: health.url, pool }, 'the worker takes runs')
    await aborted(signal)
    logger.info('the worker stops')
  } finally {
    await worker.close(parseDuration(config.worker.grace))
    await health.close()
    await running.close()
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}
