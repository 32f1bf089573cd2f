import type { z } from 'zod'
import { AppError } from '../../models/errors.ts'
import { buildApi } from '../../scheduler/api/app.ts'
import type { ApiDeps } from '../../scheduler/api/deps.ts'
import { configSchema } from '../../scheduler/config/schema.ts'
import { createDeploymentService } from '../../scheduler/deployments/deployment-service.ts'
import { createLogger } from '../../scheduler/process/log.ts'
import { createMetrics } from '../../scheduler/process/metrics.ts'
import type { RunRecord } from '../../scheduler/queue/runs.ts'
import type { SeenProcess } from '../../scheduler/store/heartbeats.ts'
import type { TickRecord } from '../../scheduler/store/ticks/tick-store.ts'
import { fakeAuditStore } from './fake-audit-store.ts'
import { fakeBackfillService } from './fake-backfill-service.ts'
import { fakeCalendarService } from './fake-calendar-service.ts'
import { fakeForecastService } from './fake-forecast-service.ts'
import { fakeMissionService } from './fake-mission-service.ts'
import { fakeRunService } from './fake-run-service.ts'
import { fakeScheduleService } from './fake-schedule-service.ts'
import { fakeSeriesService } from './fake-series-service.ts'

export interface FakeApiOptions extends Partial<ApiDeps> {
  /** As they are written. */
  readonly settings?: z.input<typeof configSchema>
  readonly runRecords?: readonly RunRecord[]
  readonly tickRecords?: readonly TickRecord[]
  readonly logLines?: string[]
}

export const fakeNowMs = Date.parse('2026-11-24T12:00:00Z')

function fakeProcess(role: SeenProcess['role'], isAlive: boolean): SeenProcess {
  const url = 'http://127.0.0.1:1'
  return { name: `${role}-1`, role, version: '0.1.0', url, startedMs: fakeNowMs, seenMs: fakeNowMs, isAlive }
}

/** The application over stores in memory. */
export function fakeApi({ settings, runRecords = [], tickRecords = [], logLines = [], ...deps }: FakeApiOptions = {}) {
  const { missions = fakeMissionService(() => fakeNowMs) } = deps
  return buildApi({
    config: configSchema.parse(settings ?? {}),
    missions,
    deployments: createDeploymentService({ missions, installed: ['auto', 'seasonal-naive'] }),
    schedules: fakeScheduleService(missions),
    forecasts: fakeForecastService(() => fakeNowMs),
    series: fakeSeriesService(fakeNowMs),
    backfills: fakeBackfillService(),
    calendars: fakeCalendarService(deps.now ?? (() => fakeNowMs)),
    runs: {
      async list(tenant, { mission, flow, state, limit, cursor = '0' }) {
        const matching = runRecords.filter(
          (run) =>
            run.tenant === tenant &&
            (mission ?? run.mission) === run.mission &&
            (flow ?? run.flow) === run.flow &&
            (state ?? run.state) === run.state,
        )
        const end = Number(cursor) + limit
        return { runs: matching.slice(Number(cursor), end), ...(end < matching.length && { cursor: `${end}` }) }
      },
    },
    runService: fakeRunService(runRecords),
    limits: {
      list: async () => [],
      async holders(name) {
        throw new AppError('NOT_FOUND', `no limit "${name}"`)
      },
      async release({ name }) {
        throw new AppError('NOT_FOUND', `no limit "${name}"`)
      },
    },
    events: { lastId: async () => '0-0', readAfter: async (_, lastId) => ({ events: [], lastId, isGap: false }) },
    audit: fakeAuditStore(),
    ticks: {
      list: async (_, { fromMs, untilMs, outcome: only, limit }) =>
        tickRecords
          .filter(({ nominalMs }) => nominalMs > fromMs && nominalMs <= untilMs)
          .filter(({ outcome }) => only === undefined || outcome === only)
          .slice(0, limit),
    },
    datasources: {
      list: () => [{ name: 'main', kind: 'victoriametrics', futureWrites: 'auto' }],
      async check(_tenant, name) {
        if (name !== 'main') throw new AppError('NOT_FOUND', `no datasource "${name}"`)
        return { ok: true, findings: [{ severity: 'warning', detail: 'no dedup' }] }
      },
    },
    fleet: {
      processes: async () => [
        fakeProcess('scheduler', true),
        fakeProcess('forecast', true),
        fakeProcess('detect', false),
      ],
      queue: async () => ({ waiting: 3, delayed: 0, active: 1, completed: 9, failed: 0, nextWaitMs: 1_500 }),
    },
    metrics: createMetrics(),
    logger: createLogger({ level: 'info', role: 'api', destination: { write: (line) => logLines.push(line) } }),
    readiness: [],
    now: () => fakeNowMs,
    ...deps,
  })
}
