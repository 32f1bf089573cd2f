import { isDeepStrictEqual } from 'node:util'
import type { FlowName } from '../queue/runs.ts'
import type { ScheduleKey } from '../store/ticks/schedule-keys.ts'
import type { PauseRequest, ScheduleEntry, ScheduleStore } from '../store/ticks/schedule-store.ts'
import type { MissionPause, StoredMission } from '../store/types.ts'
import type { ResolvedMission } from './document/resolved.ts'
import { isPaused } from './mission-edits.ts'

const flows = ['forecast', 'detect'] as const satisfies readonly FlowName[]

export const scheduleKey = ({ tenant, id }: Pick<StoredMission, 'tenant' | 'id'>, flow: FlowName): ScheduleKey => ({
  tenant,
  id: `${id}.${flow}`,
})

/** Brings both schedules in line with the mission; writes nothing where they are. */
export async function upsertSchedules(
  schedules: ScheduleStore,
  { mission, resolved, nowMs }: { mission: StoredMission; resolved: ResolvedMission; nowMs: number },
): Promise<void> {
  for (const flow of flows) {
    const entry = entryOf(mission, resolved, flow)
    const known = await schedules.get(entry)
    if (!known || !isDeepStrictEqual({ ...known, ...entry }, known)) await schedules.upsertSchedule(entry, nowMs)
    const wanted = isPaused(mission, nowMs) ? mission.pause : undefined
    const present = known && isPaused(known, nowMs) ? known.pause : undefined
    if (wanted?.reason === present?.reason && wanted?.untilMs === present?.untilMs) continue
    await schedules.setPaused(entry, wanted && pauseRequest(wanted), nowMs)
  }
}

export async function removeSchedules(
  schedules: ScheduleStore,
  mission: Pick<StoredMission, 'tenant' | 'id'>,
): Promise<void> {
  for (const flow of flows) await schedules.removeSchedule(scheduleKey(mission, flow))
}

const pauseRequest = ({ reason, untilMs }: MissionPause): PauseRequest => ({
  reason,
  ...(untilMs !== undefined && { untilMs }),
})

function entryOf({ tenant, id, bandKey }: StoredMission, resolved: ResolvedMission, flow: FlowName): ScheduleEntry {
  const [spec, policy] =
    flow === 'forecast'
      ? [resolved.forecastSpec, resolved.forecastPolicy]
      : [resolved.detectSpec, resolved.detectPolicy]
  return { ...scheduleKey({ tenant, id }, flow), mission: id, flow, spec, policy, bandKey }
}
