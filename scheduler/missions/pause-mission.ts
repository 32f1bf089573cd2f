import type { MissionName } from '../../models/series.ts'
import type { MissionPause, StoredMission } from '../store/missions/stored-mission.ts'
import { untilWritten } from '../store/outrun.ts'
import { isPauseOn } from '../store/pause.ts'
import { applyChange } from './apply-change.ts'
import { resolveStored } from './document/resolve.ts'
import { findMission, type MissionServiceDeps } from './mission-deps.ts'
import { lastEvaluatedMs, withPause } from './mission-edits.ts'

/** undefined ends a pause: what lies in it stays unscored, and its forecasts are made at once. */
export async function setPause(
  deps: MissionServiceDeps,
  name: MissionName,
  pause: Omit<MissionPause, 'sinceMs'> | undefined,
): Promise<StoredMission> {
  return untilWritten(`mission "${name.mission}"`, async () => {
    const before = await findMission(deps, name)
    const nowMs = deps.clock.now()
    if (leavesAsItIs(pause, before.pause, nowMs)) return before
    const resolved = resolveStored(before, deps.settings)
    const sinceMs = before.pause?.sinceMs ?? nowMs
    const after = withPause(before, pause && { automatic: false, ...pause, sinceMs }, nowMs)
    const endedMs = Math.min(nowMs, before.pause?.untilMs ?? nowMs)
    const scoredFloorMs = pause ? undefined : lastEvaluatedMs(resolved, endedMs)
    const scored = scoredFloorMs === undefined ? {} : { scoredFloorMs }
    if (!(await deps.missions.replace({ mission: after, expected: before.generation, ...scored }))) return undefined
    await applyChange(deps, { before, after, resolved })
    return after
  })
}

/** An automatic one never takes the place of another. */
function leavesAsItIs(
  pause: Omit<MissionPause, 'sinceMs'> | undefined,
  before: MissionPause | undefined,
  nowMs: number,
): boolean {
  return pause ? pause.automatic === true && isPauseOn(before, nowMs) : before === undefined
}
