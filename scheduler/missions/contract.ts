import type { EffectWindow } from '../calendars/effects.ts'
import type { FlowName } from '../queue/runs.ts'
import type { MissionHealth } from '../store/missions/health-store.ts'
import type { MissionPage } from '../store/missions/mission-store.ts'
import type { MissionPause, StoredMission } from '../store/missions/stored-mission.ts'
import type { WriteConditions } from '../store/write-conditions.ts'
import type { MissionDocument } from './document/document.ts'

export interface PutOptions extends WriteConditions {
  /** Throws where the document that is stored must not be replaced. */
  readonly accept?: (stored: MissionDocument) => void
  /** Everything is checked, nothing is stored. */
  readonly dryRun?: boolean
  readonly actor: string
}

export type PutOutcome = 'created' | 'updated' | 'unchanged'

export interface PutAnswer {
  readonly mission: StoredMission
  readonly outcome: PutOutcome
  /** What it replaces. */
  readonly before?: MissionDocument
  /** What its author should know though the mission was taken. */
  readonly warnings: readonly string[]
}

export interface MissionStatus extends MissionHealth {
  readonly nextForecastMs?: number
  readonly nextDetectMs?: number
  readonly scoredUntilMs?: number
  readonly publishedUntilMs?: number
  /** From which step an edit of the band is drawn. */
  readonly drawnFromMs?: number
  /** Of calendars that are open now; absent without any. */
  readonly calendars?: readonly EffectWindow[]
}

/** What runs of a mission use: its document with the defaults; durations as people write them. */
export interface EffectiveSettings {
  readonly model: string
  readonly fallback: string
  readonly step: string
  readonly detectStep: string
  readonly context: string
  readonly horizon: string
  readonly minPoints: number
}

/** What API, command line and demo do with missions. All of it throws REDIS_UNAVAILABLE while Redis is being filled. */
export interface MissionService {
  /** @throws INVALID_PARAMS naming the field, QUERY_REJECTED with the store's words, CONFLICT. */
  put(tenant: string, document: MissionDocument, options: PutOptions): Promise<PutAnswer>
  /** @throws NOT_FOUND */
  get(tenant: string, id: string): Promise<StoredMission>
  list(tenant: string, options: { readonly limit: number; readonly cursor?: string }): Promise<MissionPage>
  remove(tenant: string, id: string, options: { readonly ifGeneration?: number }): Promise<void>
  /** An automatic one leaves a pause as it is that is on already. */
  pause(tenant: string, id: string, pause: Omit<MissionPause, 'sinceMs'>): Promise<StoredMission>
  resume(tenant: string, id: string, actor: string): Promise<StoredMission>
  /** One run now, beside the schedule; returns its run id. */
  trigger(tenant: string, id: string, flow: FlowName, options: { readonly recompute?: boolean }): Promise<string>
  status(tenant: string, id: string): Promise<MissionStatus>
  /** undefined while the configuration lacks its datasource. @throws NOT_FOUND */
  effective(tenant: string, id: string): Promise<EffectiveSettings | undefined>
}
