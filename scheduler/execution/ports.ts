import type { MissionName } from '../../models/series.ts'
import type { Deps } from '../../tasks/deps.ts'
import type { CalendarReader } from '../calendars/calendar-reader.ts'
import type { ForecastService } from '../forecasts/forecast-service.ts'
import type { ResolvedMission } from '../missions/document/resolved.ts'
import type { HealthRecorder } from '../missions/mission-health.ts'
import type { RunControl, RunJob, RunQueue } from '../queue/runs.ts'
import type { MarksStore } from '../store/missions/marks-store.ts'
import type { RequestLog } from '../store/missions/request-log.ts'
import type { StoredMission } from '../store/missions/stored-mission.ts'
import type { RunStore } from '../store/ticks/run-store.ts'

/** Store access of one mission's datasource. */
export type DatasourceDeps = Pick<Deps, 'reader' | 'writer'>

export interface ExecutionDeps extends Pick<Deps, 'cache' | 'forecasters' | 'metrics'> {
  mission(name: MissionName): Promise<StoredMission | undefined>
  resolve(mission: StoredMission): ResolvedMission
  datasource(tenant: string, name: string): Promise<DatasourceDeps>
  /** Whether backfills can write samples of this age there. @throws STORE_UNAVAILABLE while the store has not said what it is. */
  takesOldSamples(datasource: string, ageMs: number): Promise<boolean>
  readonly marks: MarksStore
  readonly requests: RequestLog
  readonly health: HealthRecorder
  readonly queue: RunQueue
  /** Default: there are none. */
  readonly calendars?: CalendarReader
  /** Panels of more series are split into shards of about so many, whose runs are looked up there. Absent: none are. */
  readonly shards?: { readonly above: number; readonly runs: Pick<RunStore, 'get'> }
  /** Where models can be loaded. */
  readonly forecasts?: Pick<ForecastService, 'submit' | 'wait' | 'cancel'>
  /** Steps that nobody will score: out of reach, in a store that takes no old samples. */
  unscored(steps: number): void
  /** Something beside the run went wrong: its health could not be noted. */
  onError(error: Error): void
  now(): number
}

/** One attempt of one run, as the worker hands it over. */
export interface Attempt extends RunControl {
  readonly job: RunJob
}

/** A detect run and what it is about. */
export interface DetectRun {
  readonly deps: ExecutionDeps
  readonly mission: StoredMission
  readonly resolved: ResolvedMission
  readonly attempt: Attempt
  readonly name: MissionName
}
