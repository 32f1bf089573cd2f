import { skipReasons } from '../panel/eligible-series.ts'
import { type Verdict, verdicts } from './score-series.ts'

export const seriesStates = [
  'ok',
  'learning',
  'no_data',
  'lost',
  'no_forecast',
  'stale_forecast',
  'gated',
  'out_of_range',
  'masked',
  'skipped',
] as const
export type SeriesState = (typeof seriesStates)[number]

/** What is known of a series at one step. */
export interface StateEvidence {
  readonly value: number
  readonly verdict: Verdict
  /** NaN = no band. */
  readonly pred: number
  /** Another run stands in for the owner of the step. */
  readonly stale: boolean
  /** Why the forecast in force left the series out. */
  readonly skipped: string | undefined
  /** The forecast in force has never met the series. */
  readonly isNew: boolean
}

export interface StateWithReason {
  readonly state: SeriesState
  readonly reason: string
}

const standIn = 'an earlier forecast stands in for the one in force'

/** The one state of a series, with its reason; what makes it unwatched goes before what was scored. */
export function deriveState(evidence: StateEvidence): StateWithReason {
  const { value, verdict, pred, stale } = evidence
  if (Number.isNaN(value)) return { state: 'no_data', reason: 'no value at the last step' }
  if (verdict === verdicts.outOfRange) return { state: 'out_of_range', reason: 'outside of the data range' }
  if (Number.isNaN(pred)) return withoutBand(evidence)
  const gate = gateOf(verdict)
  const reason = gate ?? place(evidence)
  if (stale) return { state: 'stale_forecast', reason: `${reason}; ${standIn}` }
  return { state: gate ? 'gated' : 'ok', reason }
}

function withoutBand({ skipped, isNew }: StateEvidence): StateWithReason {
  if (skipped === skipReasons.tooFewPoints) return { state: 'learning', reason: 'too few points to forecast from' }
  if (skipped !== undefined) return { state: 'skipped', reason: skipped }
  if (isNew) return { state: 'learning', reason: 'new since the last forecast' }
  return { state: 'no_forecast', reason: 'no forecast reaches this step' }
}

function gateOf(verdict: Verdict): string | undefined {
  if (verdict === verdicts.unwatchedOutside) return 'beyond the edge that is not watched'
  if (verdict === verdicts.tooSmall) return 'outside of the band, by less than the least deviation'
  return undefined
}

function place({ value, verdict, pred }: StateEvidence): string {
  if (verdict !== verdicts.outside) return 'within the band'
  return value > pred ? 'above the band' : 'below the band'
}
