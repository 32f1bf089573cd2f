import type { TaskMetrics } from '../../tasks/deps.ts'
import type { ForecastService } from '../forecasts/forecast-service.ts'
import { resolveStored } from '../missions/document/resolve.ts'
import { createHealthRecorder } from '../missions/mission-health.ts'
import { createMissionService } from '../missions/mission-service.ts'
import type { OpenProcess } from '../process/open-process.ts'
import { requestLog } from '../store/missions/request-log.ts'
import type { ExecutionDeps } from './ports.ts'

/** What runs need, from what a worker process has opened. */
export function executionDeps(
  running: OpenProcess,
  metrics: TaskMetrics,
  forecasts: ForecastService | undefined,
): ExecutionDeps {
  const { stores, missionDeps, forecasters, datasources, clock, redis } = running
  const { missions, marks, health, cache } = stores
  const { settings } = missionDeps
  return {
    ...{
      marks,
      cache,
      forecasters,
      metrics,
      queue: running.queue,
      calendars: running.calendars,
      ...(forecasts && { forecasts }),
    },
    health: createHealthRecorder({ health, missions, service: createMissionService(missionDeps) }),
    mission: (name) => missions.get(name),
    resolve: (mission) => resolveStored(mission, settings),
    datasource: (tenant, name) => datasources.open(tenant, name),
    shards: { above: running.config.shards.maxSeries, runs: stores.runs },
    takesOldSamples: datasources.takesOldSamples,
    requests: requestLog(redis.control),
    unscored: (steps) => running.metrics.unscored.inc(steps),
    onError: (error) => running.logger.warn({ error: error.message }, 'the health of a mission could not be noted'),
    now: () => clock.now(),
  }
}
