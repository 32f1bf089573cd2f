import { createHash } from 'node:crypto'
import type { StepRange } from '../../models/series.ts'
import type { ResolvedMission } from '../missions/document/resolved.ts'
import { ownersIn } from '../planning/timeline.ts'
import type { ScheduleEra } from '../planning/types.ts'
import type { StoredMission } from '../store/missions/stored-mission.ts'
import type { BackfillPart, BackfillUnit } from './types.ts'

export type UnitOrder = 'newest' | 'oldest'

/** What runs of the past depend on: notes, gates and pauses change nothing of it. */
export function missionSignature(mission: StoredMission, { detectParams }: ResolvedMission): string {
  const { bandKey, createdMs, forecastEras } = mission
  const parts = [bandKey, createdMs, forecastEras, detectParams.detectStepMs]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
}

export const firstCursorMs = ({ fromMs, untilMs }: StepRange, order: UnitOrder): number =>
  order === 'newest' ? untilMs : fromMs

/** The piece beyond the cursor; undefined when nothing is left. */
export function nextUnit(
  part: Pick<BackfillPart, 'range' | 'stepMs' | 'chunkMs' | 'cursorMs' | 'ended'>,
  eras: readonly ScheduleEra[],
  order: UnitOrder,
): BackfillUnit | undefined {
  const { range, stepMs, chunkMs, cursorMs, ended } = part
  const isNewest = order === 'newest'
  if (ended !== undefined || (isNewest ? cursorMs <= range.fromMs : cursorMs >= range.untilMs)) return undefined
  if (chunkMs !== undefined) return chunkAt(range, { cursorMs, chunkMs, isNewest })
  const step = isNewest
    ? { fromMs: cursorMs - stepMs, untilMs: cursorMs }
    : { fromMs: cursorMs, untilMs: cursorMs + stepMs }
  const owner = ownersIn(eras, step)[0]
  return owner && { nominalMs: owner.nominalMs, window: within(owner.owned, range) }
}

function chunkAt(
  range: StepRange,
  { cursorMs, chunkMs, isNewest }: { cursorMs: number; chunkMs: number; isNewest: boolean },
) {
  const window = isNewest
    ? { fromMs: Math.max(range.fromMs, cursorMs - chunkMs), untilMs: cursorMs }
    : { fromMs: cursorMs, untilMs: Math.min(range.untilMs, cursorMs + chunkMs) }
  return { nominalMs: window.untilMs, window }
}

export function within(steps: StepRange, range: StepRange): StepRange {
  return { fromMs: Math.max(steps.fromMs, range.fromMs), untilMs: Math.min(steps.untilMs, range.untilMs) }
}

/** The part once a piece of it is handed out. */
export function handOut(part: BackfillPart, { window }: BackfillUnit, order: UnitOrder): BackfillPart {
  return {
    ...part,
    cursorMs: order === 'newest' ? window.fromMs : window.untilMs,
    handedOut: part.handedOut + 1,
  }
}
