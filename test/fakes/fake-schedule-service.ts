import { AppError } from '../../models/errors.ts'
import type { MissionService } from '../../scheduler/missions/contract.ts'
import { missionScheduleId } from '../../scheduler/schedules/document.ts'
import type { ScheduleService } from '../../scheduler/schedules/service.ts'
import { policy } from './schedules.ts'

/** Knows the schedules of missions alone; those of their own are tested over a real Redis. */
export function fakeScheduleService(missions: Pick<MissionService, 'get'>): ScheduleService {
  const unknown = async (): Promise<never> => {
    throw new AppError('UNSUPPORTED', 'no schedules of their own here')
  }
  return {
    async get({ tenant, id }) {
      const [, mission, flow] = missionScheduleId.exec(id) ?? []
      if (mission === undefined) throw new AppError('NOT_FOUND', `no schedule "${id}"`)
      await missions.get(tenant, mission)
      return {
        ...{ tenant, id, mission, flow: flow === 'forecast' ? 'forecast' : 'detect', policy, bandKey: 'b' },
        ...{ spec: { kind: 'every', everyMs: 60_000, phaseMs: 0 }, generation: 1, lastNominalMs: 0 },
        ...{ earlier: [], spreadMs: 0 },
      }
    },
    ...{ put: unknown, list: unknown, status: unknown, preview: unknown, remove: unknown },
    ...{ pause: unknown, resume: unknown, trigger: unknown },
  }
}
