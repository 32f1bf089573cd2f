import type { StepRange } from '../../models/series.ts'
import type { ResolvedMission } from '../missions/document/resolved.ts'
import { longestGapMs } from '../planning/schedule-spec.ts'
import type { StoredMission } from '../store/missions/stored-mission.ts'

/**
 * The band in the store may be of an older query, or of an older mission of the same id: only steps that the present
 * one must have drawn are read back. Its band begins at the old one's end, at most a gap and a lead after the change.
 */
export function mayReadDrawnBand(
  { forecastEras, scopeSinceMs }: Pick<StoredMission, 'forecastEras' | 'scopeSinceMs'>,
  { detectParams }: Pick<ResolvedMission, 'detectParams'>,
  window: StepRange,
): boolean {
  const era = forecastEras.at(-1)
  if (!era) return false
  const settledMs = scopeSinceMs + longestGapMs(era.spec, scopeSinceMs) + era.leadMs
  return window.fromMs - detectParams.stepMs >= settledMs
}
