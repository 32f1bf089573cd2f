import type { StepRange } from '../../models/series.ts'
import type { ForecastCache } from '../../tasks/deps.ts'
import { type FlowName, runIds } from '../queue/runs.ts'
import type { StoredMission } from '../store/missions/stored-mission.ts'
import type { RunStore } from '../store/ticks/run-store.ts'
import type { BackfillDocument } from './document.ts'
import type { BackfillUnit } from './types.ts'

export interface JudgeDeps {
  readonly runs: Pick<RunStore, 'get'>
  readonly cache: Pick<ForecastCache, 'list'>
}

/** With which run a piece begins, or why it is left out. */
export type Verdict = { readonly stage: FlowName } | { readonly skip: string }

/** What has a result already is not computed again; what the store lacks of it is a matter of the run. */
export async function judgeUnit(
  { runs, cache }: JudgeDeps,
  { flow, reprocess }: Pick<BackfillDocument, 'flow' | 'reprocess'>,
  { mission, unit }: { readonly mission: StoredMission; readonly unit: BackfillUnit },
): Promise<Verdict> {
  if (flow === 'detect') return { stage: 'detect' }
  const { tenant, id, bandKey } = mission
  const { nominalMs, window } = unit
  const record = await runs.get(runIds.tick(tenant, `${id}.forecast`, nominalMs))
  if (record?.state === 'active' || record?.state === 'retrying') return { skip: 'its own run is at work' }
  if (reprocess === 'none' && (record?.state === 'failed' || record?.state === 'lost'))
    return { skip: 'its own run failed, and reprocess is none' }
  const payloads = await cache.list({ tenant, mission: id })
  const kept = payloads.find(
    (payload) => payload.kind === 'run' && payload.bandKey === bandKey && payload.nominalMs === nominalMs,
  )
  if (flow === 'both') return { stage: kept && isDrawn(kept.published, window) ? 'detect' : 'forecast' }
  return record?.state === 'succeeded' || isDrawn(kept?.published, window)
    ? { skip: 'its own run succeeded' }
    : { stage: 'forecast' }
}

function isDrawn(published: StepRange | undefined, window: StepRange): boolean {
  return published !== undefined && published.fromMs <= window.fromMs && window.untilMs <= published.untilMs
}
