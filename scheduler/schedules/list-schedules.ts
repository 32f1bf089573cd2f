import { filteredPage } from '../store/pages.ts'
import { isPauseOn } from '../store/pause.ts'
import type { SchedulePage, ScheduleStore } from '../store/ticks/schedule-store.ts'
import { labelsOf, type StoredSchedule } from '../store/ticks/stored-schedule.ts'
import { type LabelMatch, matchesLabels } from './label-selector.ts'

/** finished: no T is left. overdue: the planner should have looked at it a minute ago. */
export const scheduleStates = ['active', 'paused', 'finished', 'overdue'] as const
export type ScheduleState = (typeof scheduleStates)[number]

export interface ScheduleFilter {
  readonly limit: number
  readonly cursor?: string
  readonly flow?: string
  readonly mission?: string
  readonly state?: ScheduleState
  readonly owner?: string
  /** How its id begins. */
  readonly q?: string
  /** Labels that a schedule must bear, and those that it must not. */
  readonly labels?: readonly LabelMatch[]
}

const overdueMs = 60_000

export function stateOf({ pause, dueMs }: StoredSchedule, nowMs: number): ScheduleState {
  if (isPauseOn(pause, nowMs)) return 'paused'
  if (dueMs === undefined) return 'finished'
  return dueMs < nowMs - overdueMs ? 'overdue' : 'active'
}

interface ListRequest {
  readonly tenant: string
  readonly filter: ScheduleFilter
  readonly nowMs: number
}

/** Schedules of one tenant by id, filtered by what the store has no index for. */
export async function listSchedules(
  store: Pick<ScheduleStore, 'list'>,
  { tenant, filter, nowMs }: ListRequest,
): Promise<SchedulePage> {
  const { items, ...rest } = await filteredPage(
    filter,
    async (page) => {
      const { schedules, ...more } = await store.list(tenant, page)
      return { items: schedules, ...more }
    },
    (schedule) => matches(schedule, filter, nowMs),
  )
  return { schedules: items, ...rest }
}

function matches(
  schedule: StoredSchedule,
  { flow, mission, state, owner, q = '', labels = [] }: ScheduleFilter,
  nowMs: number,
): boolean {
  const { own } = schedule
  if (flow !== undefined && (own?.flow ?? schedule.flow) !== flow) return false
  if (mission !== undefined && schedule.mission !== mission) return false
  if (state !== undefined && stateOf(schedule, nowMs) !== state) return false
  if (owner !== undefined && own?.owner !== owner) return false
  if (!schedule.id.startsWith(q)) return false
  return matchesLabels(labelsOf(schedule), labels)
}
