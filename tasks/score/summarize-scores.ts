import type { SeriesIdentity } from '../../models/series.ts'
import type { PanelStep } from './judge-panel.ts'
import type { ScoredChunk } from './score-panel.ts'

/** What is kept of a window once its chunks are written. */
export interface ScoreSummary {
  /** Every series at the last step. */
  readonly last: PanelStep
  /** Number of scores, at all steps. */
  scored: number
}

export function emptySummary(series: readonly SeriesIdentity[]): ScoreSummary {
  const column = () => new Float64Array(series.length).fill(Number.NaN)
  const columns = { values: column(), pred: column(), lower: column(), upper: column(), scores: column() }
  return { last: { series, ...columns, verdicts: new Uint8Array(series.length) }, scored: 0 }
}

/** Adds one chunk to the summary. */
export function addChunk(summary: ScoreSummary, { from, series, values, band, scores, verdicts }: ScoredChunk): void {
  const { last } = summary
  const stepCount = scores.length / series.length
  for (let i = 0; i < scores.length; i++) if (!Number.isNaN(scores[i]!)) summary.scored += 1
  for (let s = 0; s < series.length; s++) {
    const i = (s + 1) * stepCount - 1
    last.values[from + s] = values[i]!
    last.pred[from + s] = band.pred[i]!
    last.lower[from + s] = band.lower[i]!
    last.upper[from + s] = band.upper[i]!
    last.scores[from + s] = scores[i]!
    last.verdicts[from + s] = verdicts[i]!
  }
}

/** Highest score at the last step; NaN when nothing was scored. */
export function highestScore({ last }: ScoreSummary): number {
  return last.scores.reduce((highest, score) => (highest >= score || Number.isNaN(score) ? highest : score), Number.NaN)
}

/** Series with a score above 1 at the last step. */
export function countAnomalous({ last }: ScoreSummary): number {
  return last.scores.reduce((count, score) => (score > 1 ? count + 1 : count), 0)
}
