import { type AppError, errorCodes } from '../../models/errors.ts'
import type { MissionName } from '../../models/series.ts'
import type { FlowName } from '../queue/runs.ts'
import type { HealthStore } from '../store/missions/health-store.ts'
import type { MissionStore } from '../store/missions/mission-store.ts'
import { isPauseOn, systemActor } from '../store/pause.ts'
import type { MissionService } from './contract.ts'

/** A query that the store refuses is tried again after this: its parser may have learnt more by then. */
const probeAgainMs = 15 * 60_000

export interface MissionHealthDeps {
  readonly health: HealthStore
  readonly missions: Pick<MissionStore, 'get'>
  readonly service: Pick<MissionService, 'pause'>
}

export interface HealthRecorder {
  recordSuccess: HealthStore['recordSuccess']
  /** A query that the store refuses pauses the mission for a while; everything else leaves it failing. */
  recordFailure(name: MissionName, flow: FlowName, atMs: number, error: AppError): Promise<void>
}

/** What a worker says about a mission after each run. */
export function createHealthRecorder({ health, missions, service }: MissionHealthDeps): HealthRecorder {
  return {
    recordSuccess: (name, atMs, found) => health.recordSuccess(name, atMs, found),
    async recordFailure(name, flow, atMs, error) {
      await health.recordFailure(name, flow, atMs, error)
      if (!errorCodes[error.code].pauses) return
      const mission = await missions.get(name)
      if (!mission || isPauseOn(mission.pause, atMs)) return
      const pause = { reason: error.message, actor: systemActor, automatic: true, untilMs: atMs + probeAgainMs }
      await service.pause(name.tenant, name.mission, pause)
    },
  }
}
