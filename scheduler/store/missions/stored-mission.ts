import type { MissionDocument } from '../../missions/document/document.ts'
import type { ScheduleEra, ScheduleSpec } from '../../planning/types.ts'
import type { Pause } from '../pause.ts'

export interface MissionPause extends Pause {
  readonly actor: string
}

/** A mission as Redis holds it: what its author wrote, and what follows from it. */
export interface StoredMission {
  readonly tenant: string
  readonly id: string
  readonly document: MissionDocument
  /** Part of the bandKey: a re-created mission is another one. */
  readonly createdMs: number
  readonly updatedMs: number
  readonly generation: number
  /** Hash of what makes series or band, and of `createdMs`. */
  readonly bandKey: string
  /** Hash of query, datasource and step: while it stays, an older band may go on serving. */
  readonly scopeKey: string
  /** Since when the scopeKey is what it is; `createdMs` until query, datasource or step change. Exports keep it. */
  readonly scopeSinceMs: number
  /** Oldest first, the last in force; eras whose steps are older than two days are dropped. */
  readonly forecastEras: readonly ScheduleEra[]
  readonly detectSpec: ScheduleSpec
  readonly pause?: MissionPause
}
