import { beforeEach } from 'vitest'
import { AppError } from '../../models/errors.ts'
import type { MissionService } from '../../scheduler/missions/contract.ts'
import { type MissionDocument, missionDocument } from '../../scheduler/missions/document/document.ts'
import type { MissionDatasource } from '../../scheduler/missions/document/resolved.ts'
import type { MissionServiceDeps } from '../../scheduler/missions/mission-deps.ts'
import { createMissionService } from '../../scheduler/missions/mission-service.ts'
import type { EnqueueRequest } from '../../scheduler/queue/runs.ts'
import { createHealthStore } from '../../scheduler/store/missions/health-store.ts'
import { createMarksStore } from '../../scheduler/store/missions/marks-store.ts'
import { createMissionStore } from '../../scheduler/store/missions/mission-store.ts'
import type { StoredMission } from '../../scheduler/store/missions/stored-mission.ts'
import { createScheduleStore } from '../../scheduler/store/ticks/schedule-store.ts'
import type { realRedis } from './real-redis.ts'

export const at = (time: string): number => Date.parse(`2026-11-24T${time}Z`)
export const cpu = { tenant: 'default', mission: 'cpu' }

const limits = { evalDelayMs: 30_000, maxSeries: 10_000, futureWrites: 'auto' } as const
export const datasources: Readonly<Record<string, MissionDatasource>> = {
  prom: { ...limits, name: 'prom', kind: 'prometheus' },
  vm: { ...limits, name: 'vm', kind: 'victoriametrics' },
  any: { ...limits, name: 'any', kind: 'auto' },
}

/** Of the mission `cpu` unless told otherwise, forecast on the hour. */
export const parse = (fields: object = {}): MissionDocument =>
  missionDocument.parse({
    id: 'cpu',
    query: 'up',
    datasource: 'prom',
    forecast: { every: '1h', phase: '0s' },
    ...fields,
  })

/** The mission service over a real Redis, on a clock that the test moves; runs and dropped forecasts are noted. */
export function missionStage(real: ReturnType<typeof realRedis>) {
  const stage = {
    nowMs: 0,
    enqueued: [] as EnqueueRequest[],
    dropped: [] as string[],
    /** A query that the store's parser refuses; every query with `busy` in it finds the store away. */
    refused: undefined as string | undefined,
    deps: undefined as unknown as MissionServiceDeps,
    service: undefined as unknown as MissionService,
    put: (fields: object = {}, options: object = {}) =>
      stage.service.put('default', parse(fields), { actor: 'ann', ...options }),
    schedule: (flow: string) => stage.deps.schedules.get({ tenant: 'default', id: `cpu.${flow}` }),
    /** The same deps, where something else happens the first time that this mission is written. */
    afterReplace: (happens: (written: StoredMission) => Promise<unknown>): MissionServiceDeps => {
      const { missions } = stage.deps
      let isFirst = true
      const replace: typeof missions.replace = async (change) => {
        const isReplaced = await missions.replace(change)
        if (isFirst && isReplaced) {
          isFirst = false
          await happens(change.mission)
        }
        return isReplaced
      }
      return { ...stage.deps, missions: { ...missions, replace } }
    },
  }

  beforeEach(() => {
    Object.assign(stage, { nowMs: at('12:20:00'), enqueued: [], dropped: [], refused: undefined })
    const { redis } = real
    stage.deps = {
      missions: createMissionStore(redis),
      marks: createMarksStore(redis),
      health: createHealthStore(redis),
      schedules: createScheduleStore(redis),
      queue: {
        async enqueue(requests) {
          stage.enqueued.push(...requests)
          return requests.map(({ job }) => ({ runId: job.runId, outcome: 'new' }))
        },
      },
      cache: {
        async drop({ mission }) {
          stage.dropped.push(mission)
        },
      },
      clock: { now: () => stage.nowMs },
      settings: {
        datasource: (tenant, name = 'prom') => (tenant === 'default' ? datasources[name] : undefined),
        defaults: { model: 'seasonal-naive', fallback: 'seasonal-naive', maxSeries: 10_000 },
        models: ['seasonal-naive'],
      },
      takesOldSamples: async (datasource) => datasource === 'vm',
      async checkQuery({ datasource, query }) {
        if (query.includes('busy')) throw new AppError('STORE_UNAVAILABLE', `${datasource} is away`)
        const detail = `${datasource}: parse error in ${query}`
        const problems = [{ pointer: '/query', detail }]
        if (query === stage.refused) throw new AppError('QUERY_REJECTED', detail, { problems })
        return { isEmpty: query.includes('misspelt') }
      },
    }
    stage.service = createMissionService(stage.deps)
  })
  return stage
}
