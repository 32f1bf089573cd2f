import { toAppError } from '../../models/errors.ts'
import type { MissionName } from '../../models/series.ts'
import { startDelayMs } from '../planning/schedule-spec.ts'
import type { StoredMission } from '../store/missions/stored-mission.ts'
import { systemActor } from '../store/pause.ts'
import { applyChange } from './apply-change.ts'
import { resolveAnew } from './document/resolve.ts'
import type { ResolvedMission } from './document/resolved.ts'
import { firstRunsSpreadMs } from './first-runs.ts'
import type { MissionServiceDeps } from './mission-deps.ts'
import { editedMission, isPaused } from './mission-edits.ts'
import { alignSchedules, missionOf } from './mission-schedules.ts'
import { setPause } from './pause-mission.ts'

export interface ReconcileResult {
  readonly missions: number
  /** Pauses that were over. */
  readonly resumed: number
  /** Missions to which another default of the configuration gave another band. */
  readonly redefined: number
  /** Schedules whose mission was gone. */
  readonly orphans: number
  readonly failures: readonly { readonly name: MissionName; readonly message: string }[]
}

/**
 * Gives every mission the schedules that a process which died in between did not get to, takes away those that it left, ends pauses whose time is over,
 * and takes other defaults of the configuration for the edits that they are. Changes nothing where nothing is amiss; the leader runs it now and then.
 */
export async function reconcileMissions(deps: MissionServiceDeps): Promise<ReconcileResult> {
  const failures: { name: MissionName; message: string }[] = []
  const counts = { missions: 0, resumed: 0, redefined: 0 }
  const known = new Set<string>()
  const addKnown = ({ tenant, mission }: MissionName) => void known.add(`${tenant}/${mission}`)
  const check = async (mission: StoredMission): Promise<void> => {
    const name = { tenant: mission.tenant, mission: mission.id }
    counts.missions += 1
    addKnown(name)
    try {
      const repair = await reconcileMission(deps, mission)
      if (repair) counts[repair] += 1
    } catch (error) {
      // one mission whose datasource is gone must not hide the rest
      const { code, message } = toAppError(error)
      if (code === 'REDIS_UNAVAILABLE') throw error
      failures.push({ name, message })
    }
  }
  for await (const batch of batches(deps.missions.all(addKnown), 50)) await Promise.all(batch.map(check))
  return { ...counts, orphans: await removeOrphans(deps, known), failures }
}

/** Schedules of missions that are not among the known ones, nor were created since those were read. */
async function removeOrphans(deps: MissionServiceDeps, known: ReadonlySet<string>): Promise<number> {
  let orphans = 0
  for await (const key of deps.schedules.all()) {
    const name = missionOf(key)
    if (!name || known.has(`${name.tenant}/${name.mission}`) || (await deps.missions.get(name))) continue
    await alignSchedules(deps, name, undefined)
    orphans += 1
  }
  return orphans
}

async function* batches<Item>(items: AsyncIterable<Item>, size: number): AsyncGenerator<Item[]> {
  let batch: Item[] = []
  for await (const item of items) {
    batch.push(item)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

type Repair = 'resumed' | 'redefined' | undefined

async function reconcileMission(deps: MissionServiceDeps, mission: StoredMission): Promise<Repair> {
  const nowMs = deps.clock.now()
  const name = { tenant: mission.tenant, mission: mission.id }
  if (mission.pause && !isPaused(mission, nowMs)) {
    await setPause(deps, name, undefined)
    return 'resumed'
  }
  const resolved = resolveAnew(mission, deps.settings)
  if (resolved.forecastParams.bandKey !== mission.bandKey) return redefine(deps, mission, resolved)
  await alignSchedules(deps, name, { mission, resolved })
  return undefined
}

/** Another default of the operator makes another band, so it is an edit; one of thousands, so forecasts are spread. */
async function redefine(deps: MissionServiceDeps, before: StoredMission, resolved: ResolvedMission): Promise<Repair> {
  const nowMs = deps.clock.now()
  const after = editedMission(before, { document: before.document, resolved, actor: systemActor, nowMs })
  if (!(await deps.missions.replace({ mission: after, expected: before.generation }))) return undefined
  const startAtMs = nowMs + startDelayMs(`${before.tenant}/${before.id}`, firstRunsSpreadMs)
  await applyChange(deps, { before, after, resolved }, startAtMs)
  return 'redefined'
}
