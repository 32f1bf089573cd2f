import type { RedisClient } from '../../tasks/cache/redis.ts'
import type { BackfillService } from '../backfills/service.ts'
import type { CalendarService } from '../calendars/service.ts'
import type { Config } from '../config.ts'
import type { DeploymentService } from '../deployments/deployment-service.ts'
import type { ForecastService } from '../forecasts/forecast-service.ts'
import type { MissionService } from '../missions/contract.ts'
import type { Logger } from '../process/log.ts'
import type { Metrics } from '../process/metrics.ts'
import type { ReadinessCheck } from '../process/readiness.ts'
import type { PoolName, QueueSize } from '../queue/queue-size.ts'
import type { FlowName, RunRecord } from '../queue/runs.ts'
import type { LimitService } from '../runs/limit-service.ts'
import type { RunService } from '../runs/run-service.ts'
import type { ScheduleService } from '../schedules/service.ts'
import type { SeriesService } from '../series/contract.ts'
import type { AuditStore } from '../store/audit-store.ts'
import type { EventStore } from '../store/events-store.ts'
import type { SeenProcess } from '../store/heartbeats.ts'
import type { ScheduleKey } from '../store/ticks/schedule-keys.ts'
import type { TickQuery } from '../store/ticks/tick-codec.ts'
import type { TickRecord } from '../store/ticks/tick-store.ts'

export interface RunFilter {
  readonly mission?: string
  readonly scheduleId?: string
  readonly flow?: FlowName
  readonly state?: RunRecord['state']
  /** Of its last start: excluded. */
  readonly fromMs?: number
  /** Included. */
  readonly toMs?: number
  readonly limit: number
  /** Opaque, from the page before. */
  readonly cursor?: string
}

/** Run records, newest first. */
export interface RunReader {
  list(tenant: string, filter: RunFilter): Promise<{ readonly runs: readonly RunRecord[]; readonly cursor?: string }>
}

export interface TickReader {
  /** Oldest first. */
  list(key: ScheduleKey, query: TickQuery): Promise<readonly TickRecord[]>
}

/** What a look at a datasource found out; no finding is a store that works. */
export interface DatasourceCheck {
  /** Queries are answered and writes go where they should. */
  readonly ok: boolean
  readonly findings: readonly { readonly severity: 'error' | 'warning' | 'info'; readonly detail: string }[]
}

export interface DatasourceDirectory {
  /** Those that the tenant may use. */
  list(tenant: string): readonly { readonly name: string; readonly kind: string; readonly futureWrites: string }[]
  /** @throws NOT_FOUND, also for another tenant's. */
  check(tenant: string, name: string, signal: AbortSignal): Promise<DatasourceCheck>
}

/** What runs beside this process. */
export interface Fleet {
  processes(): Promise<readonly SeenProcess[]>
  queue(pool: PoolName): Promise<QueueSize>
}

/** Everything the API needs from the rest of the scheduler. */
export interface ApiDeps {
  readonly config: Config
  readonly missions: MissionService
  readonly deployments: DeploymentService
  readonly series: SeriesService
  readonly forecasts: ForecastService
  readonly runs: RunReader
  readonly runService: RunService
  readonly events: EventStore
  readonly audit: AuditStore
  /** Where requests are counted; default: in this process. */
  readonly rateRedis?: RedisClient
  readonly limits: LimitService
  readonly schedules: ScheduleService
  readonly backfills: BackfillService
  readonly calendars: CalendarService
  readonly ticks: TickReader
  readonly datasources: DatasourceDirectory
  readonly fleet: Fleet
  readonly metrics: Metrics
  readonly logger: Logger
  readonly readiness: readonly ReadinessCheck[]
  /** Why the process should be restarted; undefined while it lives. */
  readonly dead?: () => string | undefined
  now(): number
}
