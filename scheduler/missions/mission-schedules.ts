import { isDeepStrictEqual } from 'node:util'
import type { MissionName } from '../../models/series.ts'
import { type FlowName, flowNames } from '../queue/runs.ts'
import type { MissionPause, StoredMission } from '../store/missions/stored-mission.ts'
import { maxWrites, outrun } from '../store/outrun.ts'
import type { ScheduleKey } from '../store/ticks/schedule-keys.ts'
import type { ScheduleStore } from '../store/ticks/schedule-store.ts'
import type { PauseRequest, ScheduleEntry, StoredSchedule } from '../store/ticks/stored-schedule.ts'
import { resolveStored } from './document/resolve.ts'
import type { ResolvedMission } from './document/resolved.ts'
import { busy, type MissionServiceDeps } from './mission-deps.ts'
import { isPaused } from './mission-edits.ts'

const scheduleKey = ({ tenant, mission }: MissionName, flow: FlowName): ScheduleKey => ({
  tenant,
  id: `${mission}.${flow}`,
})

/** Whose schedule it is; undefined: no mission's. */
export function missionOf({ tenant, id }: ScheduleKey): MissionName | undefined {
  const [, mission] = /^(.+)\.(?:forecast|detect)$/.exec(id) ?? []
  return mission === undefined ? undefined : { tenant, mission }
}

export interface KnownMission {
  readonly mission: StoredMission
  readonly resolved: ResolvedMission
}

/**
 * Brings the schedules in line with the mission as it is stored: with `known` (undefined: it was deleted), and with
 * what others have made of it while we wrote. So whoever comes last leaves the schedules of the mission that stays.
 */
export async function alignSchedules(
  deps: MissionServiceDeps,
  name: MissionName,
  known: KnownMission | undefined,
): Promise<void> {
  // whoever was quicker than our first write does the same after us
  if (!isSame(await deps.missions.get(name), known?.mission)) return
  let present = known
  for (let i = 0; i < maxWrites; i++) {
    if (present) await upsertSchedules(deps.schedules, { ...present, nowMs: deps.clock.now() })
    else await removeSchedules(deps.schedules, name)
    if (isSame(await deps.missions.get(name), present?.mission)) return
    await outrun(i)
    const stored = await deps.missions.get(name)
    present = stored && { mission: stored, resolved: resolveStored(stored, deps.settings) }
  }
  throw busy(name)
}

/** A mission that was created again has another creation time. */
function isSame(a: StoredMission | undefined, b: StoredMission | undefined): boolean {
  return a?.generation === b?.generation && a?.createdMs === b?.createdMs
}

/** Brings both schedules in line with the mission; writes nothing where they are. */
export async function upsertSchedules(
  schedules: ScheduleStore,
  { mission, resolved, nowMs }: KnownMission & { readonly nowMs: number },
): Promise<void> {
  for (const flow of flowNames) {
    const entry = entryOf(mission, resolved, flow)
    const known = await schedules.get(entry)
    if (!known || !isSameEntry(known, entry)) await schedules.upsertSchedule(entry, nowMs)
    const wanted = isPaused(mission, nowMs) ? mission.pause : undefined
    const present = known && isPaused(known, nowMs) ? known.pause : undefined
    if (wanted?.reason === present?.reason && wanted?.untilMs === present?.untilMs) continue
    await schedules.setPaused(entry, wanted && pauseRequest(wanted), nowMs)
  }
}

/** An entry without labels is another one than a schedule that has some. */
function isSameEntry(known: StoredSchedule, entry: ScheduleEntry): boolean {
  return isDeepStrictEqual({ ...known, ...entry }, known) && isDeepStrictEqual(known.labels, entry.labels)
}

async function removeSchedules(schedules: ScheduleStore, name: MissionName): Promise<void> {
  for (const flow of flowNames) await schedules.removeSchedule(scheduleKey(name, flow))
}

const pauseRequest = ({ reason, untilMs }: MissionPause): PauseRequest => ({
  reason,
  ...(untilMs !== undefined && { untilMs }),
})

function entryOf(
  { tenant, id, bandKey, document: { labels = {} } }: StoredMission,
  resolved: ResolvedMission,
  flow: FlowName,
): ScheduleEntry {
  const [spec, policy] =
    flow === 'forecast'
      ? [resolved.forecastSpec, resolved.forecastPolicy]
      : [resolved.detectSpec, resolved.detectPolicy]
  const hasLabels = Object.keys(labels).length > 0
  return {
    ...{ ...scheduleKey({ tenant, mission: id }, flow), mission: id, flow, spec, policy, bandKey },
    ...(hasLabels && { labels }),
  }
}
