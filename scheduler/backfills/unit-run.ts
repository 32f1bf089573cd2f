import type { ResolvedMission } from '../missions/document/resolved.ts'
import { type EnqueueRequest, type FlowName, runIds } from '../queue/runs.ts'
import type { StoredMission } from '../store/missions/stored-mission.ts'
import type { ActiveUnit, Backfill, BackfillUnit } from './types.ts'

/** Behind everything else in the queue. */
const backfillPriority = 2_000

/** The same for the same piece: whoever enqueues it twice has one run. A backfill of the same id later has others. */
export function unitRunId(
  { tenant, id, createdMs }: Backfill,
  { mission, stage }: { readonly mission: string; readonly stage: FlowName },
  { nominalMs, window }: BackfillUnit,
): string {
  const name = [tenant, id, createdMs.toString(36), mission, stage].join('.')
  // after an edit of the schedule a T may own two stretches: what is scored tells them apart
  return runIds.backfill(name, stage === 'detect' ? window.untilMs : nominalMs)
}

interface UnitMission {
  readonly mission: StoredMission
  readonly resolved: ResolvedMission
  readonly nowMs: number
}

export function unitRun(
  backfill: Backfill,
  unit: ActiveUnit,
  { mission, resolved, nowMs }: UnitMission,
): EnqueueRequest {
  const { stage: flow, runId, nominalMs, window } = unit
  const { timeoutMs, maxAttempts, backoffMs } = flow === 'forecast' ? resolved.forecastPolicy : resolved.detectPolicy
  const { id } = backfill
  return {
    job: {
      ...{ runId, kind: 'backfill', flow, nominalMs, timeoutMs, bandKey: mission.bandKey },
      ...{ tenant: mission.tenant, mission: mission.id, enqueuedMs: nowMs },
      backfill: { id, of: id, ...(flow === 'detect' && { window }) },
    },
    ...{ priority: backfillPriority, maxAttempts, backoffMs },
  }
}
