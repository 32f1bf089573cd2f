import type { StepRange } from '../../models/series.ts'
import type { PayloadMeta } from '../deps.ts'

export interface MissingRunsRequest {
  /** Grid steps that the band is drawn through. */
  readonly gridMs: readonly number[]
  readonly scopeKey: string
  readonly bandKey: string
  readonly owners: readonly { readonly nominalMs: number; readonly owned: StepRange }[]
  readonly payloads: readonly PayloadMeta[]
  /** True when forecast runs write the band themselves: a payload that is only kept then waits to be published. */
  readonly futureWrites: boolean
}

/** T's of the owners whose forecast should be asked for, oldest first. */
export function findMissingRuns(request: MissingRunsRequest): number[] {
  const { gridMs, owners, payloads, scopeKey, bandKey, futureWrites } = request
  const needed = owners.filter(({ owned }) => gridMs.some((ms) => owned.fromMs < ms && ms <= owned.untilMs))
  const newestMs = Math.max(...needed.map(({ nominalMs }) => nominalMs))
  return needed
    .map(({ nominalMs }) => nominalMs)
    .filter((nominalMs) => {
      const kept = payloads.filter(
        (payload) => payload.kind === 'run' && payload.nominalMs === nominalMs && payload.scopeKey === scopeKey,
      )
      const current = kept.find((payload) => payload.bandKey === bandKey)
      if (current) return futureWrites && current.published === undefined
      // an edit forecasts from the owner of now on: what an older key serves before that stays
      return kept.length === 0 || nominalMs === newestMs
    })
    .sort((a, b) => a - b)
}
