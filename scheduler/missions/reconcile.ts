import { toAppError } from '../../models/errors.ts'
import type { MissionName } from '../../models/series.ts'
import type { StoredMission } from '../store/types.ts'
import type { MissionServiceDeps } from './mission-deps.ts'
import { isPaused } from './mission-edits.ts'
import { upsertSchedules } from './mission-schedules.ts'
import { setPause } from './pause-mission.ts'
import { resolveStored } from './resolve.ts'

export interface ReconcileResult {
  readonly missions: number
  /** Pauses that were over. */
  readonly resumed: number
  readonly failures: readonly { readonly name: MissionName; readonly message: string }[]
}

/**
 * Gives every mission the schedules that a process which died in between did not get to, and ends pauses whose time is
 * over. Changes nothing where nothing is amiss; the leader runs it now and then.
 */
export async function reconcileMissions(deps: MissionServiceDeps): Promise<ReconcileResult> {
  const failures: { name: MissionName; message: string }[] = []
  let missions = 0
  let resumed = 0
  for await (const mission of deps.missions.all()) {
    missions += 1
    try {
      if (await reconcileMission(deps, mission)) resumed += 1
    } catch (error) {
      // one mission whose datasource is gone must not hide the rest
      const { code, message } = toAppError(error)
      if (code === 'REDIS_UNAVAILABLE') throw error
      failures.push({ name: { tenant: mission.tenant, mission: mission.id }, message })
    }
  }
  return { missions, resumed, failures }
}

async function reconcileMission(deps: MissionServiceDeps, mission: StoredMission): Promise<boolean> {
  const nowMs = deps.clock.now()
  if (mission.pause && !isPaused(mission, nowMs)) {
    await setPause(deps, { tenant: mission.tenant, mission: mission.id }, undefined)
    return true
  }
  const resolved = resolveStored(mission, deps.settings)
  await upsertSchedules(deps.schedules, { mission, resolved, nowMs })
  return false
}
