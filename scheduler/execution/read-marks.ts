import { floorToStep, type MissionName } from '../../models/series.ts'
import type { SeriesReader } from '../../tasks/deps.ts'
import { outputSelector } from '../../tasks/panel/output-selector.ts'
import type { ResolvedMission } from '../missions/document/resolved.ts'
import { firstScorableMs } from '../missions/mission-edits.ts'
import type { MissionMarks } from '../store/missions/marks-store.ts'
import type { StoredMission } from '../store/missions/stored-mission.ts'
import type { ExecutionDeps } from './ports.ts'

/** How far a store may hold steps ahead of now, and how far back a mark is worth reading. */
const reachMs = 2 * 86_400_000

interface MarksInput {
  readonly mission: StoredMission
  readonly resolved: ResolvedMission
  readonly signal: AbortSignal
}

/**
 * The marks of a mission. Where Redis has none (a new mission, a flush) they are read back from the store: the newest
 * `anomaly_pred` up to two days ahead, and the newest `anomaly_score`, never earlier than the first step of the T that
 * was in force when the mission was created.
 */
export async function readMarks(deps: ExecutionDeps, { mission, resolved, signal }: MarksInput): Promise<MissionMarks> {
  const name: MissionName = { tenant: mission.tenant, mission: mission.id }
  const known = await deps.marks.get(name)
  if (known?.scoredUntilMs !== undefined) return known
  const { reader } = await deps.datasource(mission.tenant, resolved.datasource)
  const nowMs = deps.now()
  const [drawnUntilMs, scoredMs] = await Promise.all([
    newestTimestamp(reader, { selector: outputSelector('anomaly_pred', name), untilMs: nowMs + reachMs, signal }),
    newestTimestamp(reader, { selector: outputSelector('anomaly_score', name), untilMs: nowMs, signal }),
  ])
  const firstStepMs = firstScorableMs(mission)
  return deps.marks.restore(name, {
    ...(drawnUntilMs === undefined ? {} : { publishedUntilMs: drawnUntilMs, floorUntilMs: drawnUntilMs }),
    scoredUntilMs: Math.max(scoredMs ?? firstStepMs, firstStepMs),
  })
}

interface NewestInput {
  readonly selector: string
  readonly untilMs: number
  readonly signal: AbortSignal
}

/**
 * Instant of the newest sample in the two days before now, or ahead of it. `timestamp()` gives the sample's own instant,
 * so look-back cannot make it look newer; five minutes is the look-back of every store, so no sample hides between
 * coarse instants, and the fine read sees those after the last of them.
 */
export async function newestTimestamp(
  reader: SeriesReader,
  { selector, untilMs, signal }: NewestInput,
): Promise<number | undefined> {
  const query = `max(timestamp(${selector}))`
  const read = async (stepMs: number, backMs: number): Promise<number | undefined> => {
    const endMs = floorToStep(untilMs, stepMs)
    const range = { query, startMs: endMs - backMs, endMs, stepMs, ownOutputs: true }
    const panel = await reader.queryRange(range, signal)
    const seconds = (panel.series[0]?.values ?? new Float64Array()).filter(Number.isFinite)
    return seconds.length === 0 ? undefined : Math.round(Math.max(...seconds) * 1_000)
  }
  return (await read(1_000, 600_000)) ?? (await read(300_000, 2 * reachMs))
}
