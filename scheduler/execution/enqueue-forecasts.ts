import { floorToStep, type MissionName } from '../../models/series.ts'
import type { ResolvedMission } from '../missions/document/resolved.ts'
import { firstNominalMs } from '../missions/mission-edits.ts'
import { runIds } from '../queue/runs.ts'
import type { StoredMission } from '../store/missions/stored-mission.ts'
import type { ExecutionDeps } from './ports.ts'

/** Detect asks for payloads by T and for joins; at most one of each per mission in 5 minutes. */
const requestEveryMs = 5 * 60_000

export async function enqueueForecasts(
  deps: ExecutionDeps,
  { mission, nominalMs }: { readonly mission: StoredMission; readonly nominalMs: readonly number[] },
): Promise<void> {
  const name: MissionName = { tenant: mission.tenant, mission: mission.id }
  const missing: number[] = []
  const firstMs = firstNominalMs(mission) ?? Number.NEGATIVE_INFINITY
  // the lower end of a new mission's first step may be of a T before it
  for (const T of nominalMs) if (T >= firstMs && !(await isAlive(deps, mission, T))) missing.push(T)
  const nowMs = deps.now()
  if (missing.length === 0 || !(await deps.requests.mayRequest(name, 'request', nowMs, requestEveryMs))) return
  await deps.queue.enqueue(
    missing.map((T) => ({
      job: {
        ...name,
        runId: runIds.first(mission.tenant, mission.id, T, mission.bandKey, roundOf(nowMs)),
        kind: 'request',
        flow: 'forecast',
        nominalMs: T,
        bandKey: mission.bandKey,
        enqueuedMs: nowMs,
      },
      priority: 5,
    })),
  )
}

/** Requests of the last hour are looked at: one that waits longer is asked for once more. */
const roundsLooked = 12

/** True while a run of that T waits or works: its tick, a first run, or an earlier request. */
export async function isAlive(
  deps: Pick<ExecutionDeps, 'queue' | 'now'>,
  mission: StoredMission,
  T: number,
): Promise<boolean> {
  const { tenant, id, bandKey, generation } = mission
  const round = roundOf(deps.now())
  const requests = Array.from({ length: roundsLooked }, (_, i) => round - i)
  const ids = [
    runIds.tick(tenant, `${id}.forecast`, T),
    ...[generation, ...requests].map((n) => runIds.first(tenant, id, T, bandKey, n)),
  ]
  const states = await Promise.all(ids.map((runId) => deps.queue.state('forecast', runId)))
  return states.some((state) => state === 'waiting' || state === 'delayed' || state === 'active')
}

const roundOf = (nowMs: number): number => Math.floor(nowMs / requestEveryMs)

export async function enqueueJoin(
  deps: ExecutionDeps,
  { mission, resolved, newIds }: { mission: StoredMission; resolved: ResolvedMission; newIds: readonly string[] },
): Promise<void> {
  if (newIds.length === 0) return
  const name: MissionName = { tenant: mission.tenant, mission: mission.id }
  const nowMs = deps.now()
  const { minPoints, stepMs } = resolved.forecastParams
  const ready = await deps.requests.seenFor(name, newIds, nowMs, minPoints * stepMs)
  if (ready.length === 0 || !(await deps.requests.mayRequest(name, 'join', nowMs, requestEveryMs))) return
  const nominalMs = floorToStep(nowMs, stepMs)
  await deps.queue.enqueue([
    {
      job: {
        ...name,
        runId: runIds.join(mission.tenant, mission.id, nominalMs),
        kind: 'join',
        flow: 'forecast',
        nominalMs,
        bandKey: mission.bandKey,
        enqueuedMs: nowMs,
        joinIds: ready,
      },
      priority: 5,
    },
  ])
}
