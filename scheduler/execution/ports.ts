import type { MissionName } from '../../models/series.ts'
import type { Deps } from '../../tasks/deps.ts'
import type { HealthRecorder } from '../missions/mission-health.ts'
import type { ResolvedMission } from '../missions/resolved.ts'
import type { RunControl, RunJob, RunQueue } from '../runs.ts'
import type { MarksStore } from '../store/marks-store.ts'
import type { StoredMission } from '../store/types.ts'

/** What a worker remembers of a mission between two detect runs, beyond the marks. */
export interface RequestLog {
  /** True once in `everyMs` per mission and kind. */
  mayRequest(name: MissionName, kind: 'request' | 'join', nowMs: number, everyMs: number): Promise<boolean>
  /** Notes ids when first seen; returns those known since at least `forMs`. */
  seenFor(name: MissionName, ids: readonly string[], nowMs: number, forMs: number): Promise<readonly string[]>
}

/** Store access of one mission's datasource. */
export type DatasourceDeps = Pick<Deps, 'reader' | 'writer'>

export interface ExecutionDeps extends Pick<Deps, 'cache' | 'forecasters' | 'metrics'> {
  mission(name: MissionName): Promise<StoredMission | undefined>
  resolve(mission: StoredMission): ResolvedMission
  datasource(name: string): Promise<DatasourceDeps>
  readonly marks: MarksStore
  readonly requests: RequestLog
  readonly health: HealthRecorder
  readonly queue: RunQueue
  /** Steps that nobody will score: out of reach, in a store that takes no old samples. */
  unscored(steps: number): void
  now(): number
}

/** One attempt of one run, as the worker hands it over. */
export interface Attempt extends RunControl {
  readonly job: RunJob
}
