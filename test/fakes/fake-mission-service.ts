import { isDeepStrictEqual } from 'node:util'
import { AppError } from '../../models/errors.ts'
import type { MissionService, PutOptions } from '../../scheduler/missions/contract.ts'
import type { StoredMission } from '../../scheduler/store/missions/stored-mission.ts'

type Conditions = Pick<PutOptions, 'createOnly' | 'ifGeneration' | 'accept'>

/** Missions in memory, with the rules of the contract and without schedules. */
export function fakeMissionService(now: () => number = Date.now): MissionService {
  const stored = new Map<string, StoredMission>()
  const find = (tenant: string, id: string): StoredMission => {
    const mission = stored.get(`${tenant}/${id}`)
    if (!mission) throw new AppError('NOT_FOUND', `no mission "${id}"`)
    return mission
  }
  const keep = (mission: StoredMission): StoredMission => {
    stored.set(`${mission.tenant}/${mission.id}`, mission)
    return mission
  }
  const mustBe = (mission: StoredMission | undefined, generation: number | undefined) => {
    if (generation !== undefined && mission?.generation !== generation)
      throw new AppError('CONFLICT', `the mission has generation ${mission?.generation}, not ${generation}`)
  }
  const mayReplace = (before: StoredMission | undefined, { createOnly, ifGeneration, accept }: Conditions) => {
    if (createOnly && before) throw new AppError('CONFLICT', `mission "${before.id}" exists`)
    mustBe(before, ifGeneration)
    if (before) accept?.(before.document)
  }
  return {
    async put(tenant, document, { dryRun, ...conditions }) {
      const before = stored.get(`${tenant}/${document.id}`)
      mayReplace(before, conditions)
      if (document.query.includes('bad(')) throw new AppError('QUERY_REJECTED', `the store refuses "${document.query}"`)
      if (before && isDeepStrictEqual(before.document, document))
        return { mission: before, outcome: 'unchanged', warnings: [] }
      const after = { ...(before ?? newMission(tenant, document.id, now())), document, ...next(before, now()) }
      const mission = dryRun ? after : keep(after)
      const warnings = document.query.includes('busy') ? ['the query is not checked'] : []
      const answer = before
        ? ({ outcome: 'updated', before: before.document } as const)
        : ({ outcome: 'created' } as const)
      return { mission, warnings, ...answer }
    },
    get: async (tenant, id) => find(tenant, id),
    async list(tenant, { limit, cursor = '' }) {
      const all = [...stored.values()].filter((mission) => mission.tenant === tenant && mission.id > cursor)
      const missions = all.sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, limit)
      const last = missions.at(-1)
      return { missions, ...(last && missions.length < all.length && { cursor: last.id }) }
    },
    async remove(tenant, id, { ifGeneration }) {
      mustBe(find(tenant, id), ifGeneration)
      stored.delete(`${tenant}/${id}`)
    },
    pause: async (tenant, id, pause) => keep({ ...find(tenant, id), pause: { ...pause, sinceMs: now() } }),
    async resume(tenant, id) {
      const { pause, ...mission } = find(tenant, id)
      return keep(mission)
    },
    trigger: async (tenant, id, flow) => `f.${tenant}.${find(tenant, id).id}.0.key.${flow}`,
    async effective(tenant, id) {
      const { document } = find(tenant, id)
      const { model = 'auto', fallback = 'seasonal-naive', step = '5m', minPoints = 10 } = document
      return { model, fallback, step, minPoints, detectStep: '1m', context: '7d', horizon: '5h20m' }
    },
    async status(tenant, id) {
      const { pause } = find(tenant, id)
      const nextDetectMs = 60_000
      return { state: pause ? 'paused' : 'active', consecutiveFailures: 0, missionScore: Number.NaN, nextDetectMs }
    },
  }
}

function newMission(tenant: string, id: string, createdMs: number) {
  const hashes = { bandKey: 'band', scopeKey: 'scope', scopeSinceMs: createdMs }
  return {
    tenant,
    id,
    createdMs,
    ...hashes,
    forecastEras: [],
    detectSpec: { kind: 'every', everyMs: 60_000, phaseMs: 0 },
  } as const
}

function next(before: StoredMission | undefined, nowMs: number) {
  return { generation: (before?.generation ?? 0) + 1, updatedMs: nowMs }
}
