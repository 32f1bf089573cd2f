import { AppError } from '../../models/errors.ts'
import type { MissionService, MissionStatus } from '../missions/contract.ts'
import { type LabelMatch, matchesLabels } from '../schedules/label-selector.ts'
import type { StoredMission } from '../store/missions/stored-mission.ts'
import { filteredPage, type PageOptions } from '../store/pages.ts'

export const missionStates = ['new', 'active', 'failing', 'paused'] as const

export interface MissionFilter extends PageOptions {
  readonly owner?: string
  /** How its id begins. */
  readonly q?: string
  readonly labels?: readonly LabelMatch[]
  readonly state?: (typeof missionStates)[number]
  /** With the status of each. */
  readonly status: boolean
}

interface ListedMission {
  readonly mission: StoredMission
  readonly status: MissionStatus | undefined
}

/** Missions of one tenant by id, filtered by what the store has no index for. */
export function listMissions(missions: MissionService, tenant: string, filter: MissionFilter) {
  const { state, status: isAsked } = filter
  const withStatus = async (mission: StoredMission): Promise<ListedMission> => {
    const status = isAsked || state !== undefined ? await statusOf(missions, tenant, mission.id) : undefined
    return { mission, status }
  }
  return filteredPage(
    filter,
    async (page) => {
      const { missions: read, ...more } = await missions.list(tenant, page)
      const items = await Promise.all(read.filter((mission) => matches(mission, filter)).map(withStatus))
      return { items, ...more }
    },
    ({ status }) => state === undefined || status?.state === state,
  )
}

function matches({ id, document }: StoredMission, { owner, q = '', labels = [] }: MissionFilter): boolean {
  if (owner !== undefined && document.owner !== owner) return false
  return id.startsWith(q) && matchesLabels(document.labels, labels)
}

/** A mission that was deleted while its page was read has none. */
async function statusOf(missions: MissionService, tenant: string, id: string): Promise<MissionStatus | undefined> {
  try {
    return await missions.status(tenant, id)
  } catch (error) {
    if (error instanceof AppError && error.code === 'NOT_FOUND') return undefined
    throw error
  }
}
