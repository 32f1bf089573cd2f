import { expect, test } from 'vitest'
import { deriveState, type StateEvidence } from '../../../tasks/score/derive-state.ts'
import { verdicts } from '../../../tasks/score/score-series.ts'

const within: StateEvidence = {
  ...{ value: 10, pred: 10, verdict: verdicts.within },
  ...{ stale: false, skipped: undefined, isNew: false },
}
const unserved = { pred: Number.NaN, verdict: verdicts.none }

test.each([
  { evidence: {}, state: 'ok', reason: 'within the band' },
  { evidence: { verdict: verdicts.unwatched }, state: 'ok', reason: 'within the band' },
  { evidence: { value: 12, verdict: verdicts.outside }, state: 'ok', reason: 'above the band' },
  { evidence: { value: 8, verdict: verdicts.outside }, state: 'ok', reason: 'below the band' },
  { evidence: { value: Number.NaN, verdict: verdicts.none }, state: 'no_data', reason: 'no value at the last step' },
  { evidence: { verdict: verdicts.outOfRange }, state: 'out_of_range', reason: 'outside of the data range' },
  {
    evidence: { ...unserved, verdict: verdicts.outOfRange },
    state: 'out_of_range',
    reason: 'outside of the data range',
  },
  {
    evidence: { verdict: verdicts.tooSmall },
    state: 'gated',
    reason: 'outside of the band, by less than the least deviation',
  },
  { evidence: { verdict: verdicts.unwatchedOutside }, state: 'gated', reason: 'beyond the edge that is not watched' },
  {
    evidence: { stale: true },
    state: 'stale_forecast',
    reason: 'within the band; an earlier forecast stands in for the one in force',
  },
  {
    evidence: { stale: true, verdict: verdicts.unwatchedOutside },
    state: 'stale_forecast',
    reason: 'beyond the edge that is not watched; an earlier forecast stands in for the one in force',
  },
  {
    evidence: { ...unserved, skipped: 'too_few_points' },
    state: 'learning',
    reason: 'too few points to forecast from',
  },
  { evidence: { ...unserved, isNew: true }, state: 'learning', reason: 'new since the last forecast' },
  { evidence: { ...unserved, skipped: 'no_recent_value' }, state: 'skipped', reason: 'no_recent_value' },
  { evidence: unserved, state: 'no_forecast', reason: 'no forecast reaches this step' },
  { evidence: { ...unserved, stale: true }, state: 'no_forecast', reason: 'no forecast reaches this step' },
] as const)('$state: $reason', ({ evidence, state, reason }) => {
  expect(deriveState({ ...within, ...evidence })).toEqual({ state, reason })
})
