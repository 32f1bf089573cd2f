import type { FlowName } from '../runs.ts'
import type { ScheduleKey } from '../store/schedule-keys.ts'
import type { ScheduleEntry, ScheduleStore } from '../store/schedule-store.ts'
import type { StoredMission } from '../store/types.ts'
import { isPaused } from './mission-edits.ts'
import type { ResolvedMission } from './resolved.ts'

const flows = ['forecast', 'detect'] as const satisfies readonly FlowName[]

export const scheduleKey = ({ tenant, id }: Pick<StoredMission, 'tenant' | 'id'>, flow: FlowName): ScheduleKey => ({
  tenant,
  id: `${id}.${flow}`,
})

/** Brings both schedules in line with the mission; repeating it changes nothing. */
export async function upsertSchedules(
  schedules: ScheduleStore,
  { mission, resolved, nowMs }: { mission: StoredMission; resolved: ResolvedMission; nowMs: number },
): Promise<void> {
  for (const flow of flows) {
    await schedules.upsertSchedule(entryOf(mission, resolved, flow), nowMs)
    await pauseSchedule(schedules, mission, flow, nowMs)
  }
}

export async function removeSchedules(
  schedules: ScheduleStore,
  mission: Pick<StoredMission, 'tenant' | 'id'>,
): Promise<void> {
  for (const flow of flows) await schedules.removeSchedule(scheduleKey(mission, flow))
}

async function pauseSchedule(
  schedules: ScheduleStore,
  mission: StoredMission,
  flow: FlowName,
  nowMs: number,
): Promise<void> {
  const key = scheduleKey(mission, flow)
  const { pause } = mission
  if (!pause || !isPaused(mission, nowMs)) {
    await schedules.setPaused(key, undefined, nowMs)
    return
  }
  const known = await schedules.get(key)
  const { reason, untilMs } = pause
  if (known?.pause?.reason === reason && known.pause.untilMs === untilMs) return
  await schedules.setPaused(key, { reason, ...(untilMs !== undefined && { untilMs }) }, nowMs)
}

function entryOf({ tenant, id, bandKey }: StoredMission, resolved: ResolvedMission, flow: FlowName): ScheduleEntry {
  const [spec, policy] =
    flow === 'forecast'
      ? [resolved.forecastSpec, resolved.forecastPolicy]
      : [resolved.detectSpec, resolved.detectPolicy]
  return { ...scheduleKey({ tenant, id }, flow), mission: id, flow, spec, policy, bandKey }
}
