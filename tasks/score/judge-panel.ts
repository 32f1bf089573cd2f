import type { Labels, SeriesIdentity } from '../../models/series.ts'
import type { Skip } from '../deps.ts'
import { deriveState, type SeriesState, type StateWithReason, seriesStates } from './derive-state.ts'
import type { Scores, Verdict } from './score-series.ts'

/** Every series at one step. */
export interface PanelStep extends Scores {
  readonly series: readonly SeriesIdentity[]
  readonly values: Float64Array
  readonly pred: Float64Array
  readonly lower: Float64Array
  readonly upper: Float64Array
}

export interface Surroundings {
  /** Another run stands in for the owner of the step. */
  readonly stale: boolean
  /** Why the forecast in force left series out, by id. */
  readonly skipped: ReadonlyMap<string, Skip>
  /** Ids of series that the forecast in force has never met. */
  readonly newIds: ReadonlySet<string>
  readonly maxRows: number
}

/** One series at the last step of the window, for tables, reasons and states. */
export interface ScoredRow extends StateWithReason {
  readonly id: string
  readonly labels: Labels
  readonly value: number
  readonly pred: number
  readonly lower: number
  readonly upper: number
  readonly score: number
  /** Finite values that the forecast found, where they were too few. */
  readonly points?: number
}

export interface Judgement {
  /** Number of series by state, zeros included. */
  readonly states: Readonly<Record<SeriesState, number>>
  /** At most `maxRows`: scores above 1 first, then bad states, then the other scores. */
  readonly rows: readonly ScoredRow[]
}

const badStates: ReadonlySet<SeriesState> = new Set(['no_data', 'no_forecast', 'stale_forecast', 'skipped'])

export const countStates = () =>
  Object.fromEntries(seriesStates.map((state) => [state, 0])) as Record<SeriesState, number>

/** Gives every series that has a value or is expected its state, and picks those worth showing. */
export function judgePanel(step: PanelStep, surroundings: Surroundings): Judgement {
  const states = countStates()
  const ranks = new Float64Array(step.series.length).fill(Number.NEGATIVE_INFINITY)
  for (let s = 0; s < step.series.length; s++) {
    if (Number.isNaN(step.values[s]!) && Number.isNaN(step.pred[s]!)) continue
    const { state } = stateAt(step, s, surroundings)
    states[state] += 1
    ranks[s] = rankOf(step.scores[s]!, state)
  }
  const rows = highest(ranks, surroundings.maxRows).map((s) => rowAt(step, s, surroundings))
  return { states, rows }
}

function stateAt(step: PanelStep, s: number, { stale, skipped, newIds }: Surroundings): StateWithReason {
  const { id } = step.series[s]!
  return deriveState({
    value: step.values[s]!,
    verdict: step.verdicts[s] as Verdict,
    pred: step.pred[s]!,
    stale,
    skipped: skipped.get(id)?.reason,
    isNew: newIds.has(id),
  })
}

/** A bad state counts as much as a score at the edge. */
function rankOf(score: number, state: SeriesState): number {
  return Math.max(Number.isNaN(score) ? -1 : score, badStates.has(state) ? 1 : -1)
}

/** Indices of the highest ranks, highest first, equals in order. */
function highest(ranks: Float64Array, count: number): number[] {
  // a sort of 100,000 indices for 50 rows costs more than the scoring
  const least = ranks.toSorted()[Math.max(0, ranks.length - count)] ?? 0
  const candidates: number[] = []
  for (let s = 0; s < ranks.length; s++) {
    if (ranks[s]! >= least && ranks[s]! > Number.NEGATIVE_INFINITY) candidates.push(s)
  }
  return candidates.sort((a, b) => ranks[b]! - ranks[a]!).slice(0, count)
}

function rowAt(step: PanelStep, s: number, surroundings: Surroundings): ScoredRow {
  const { values, pred, lower, upper, scores } = step
  const points = surroundings.skipped.get(step.series[s]!.id)?.points
  return {
    ...step.series[s]!,
    ...stateAt(step, s, surroundings),
    ...{ value: values[s]!, pred: pred[s]!, lower: lower[s]!, upper: upper[s]!, score: scores[s]! },
    ...(points !== undefined && { points }),
  }
}
