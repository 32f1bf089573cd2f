import type { StoredMission } from '../store/missions/stored-mission.ts'
import type { ResolvedMission } from './document/resolved.ts'
import { firstRuns, registrationRuns } from './first-runs.ts'
import type { MissionServiceDeps } from './mission-deps.ts'
import { needsFirstRuns } from './mission-edits.ts'
import { alignSchedules } from './mission-schedules.ts'

export interface Change {
  readonly before: StoredMission | undefined
  readonly after: StoredMission
  readonly resolved: ResolvedMission
}

/** What follows from a change that is stored. Schedules first: forecasts that are missing are asked for by detection all the same. */
export async function applyChange(
  deps: MissionServiceDeps,
  { before, after, resolved }: Change,
  startAtMs?: number,
): Promise<void> {
  const nowMs = deps.clock.now()
  await alignSchedules(deps, { tenant: after.tenant, mission: after.id }, { mission: after, resolved })
  if (!needsFirstRuns(before, after, nowMs)) return
  const input = { mission: after, resolved, nowMs }
  const { registrationReachMs = 86_400_000 } = deps
  const reachMs = before || !(await mayBackfill(deps, resolved, registrationReachMs)) ? 0 : registrationReachMs
  await deps.queue.enqueue([...firstRuns(input, startAtMs), ...registrationRuns(input, reachMs)])
}

/** A store that does not say what it is now is asked again by the backfill's own runs. */
async function mayBackfill(
  { takesOldSamples }: MissionServiceDeps,
  { datasource }: ResolvedMission,
  reachMs: number,
): Promise<boolean> {
  return takesOldSamples(datasource, reachMs).catch(() => true)
}
