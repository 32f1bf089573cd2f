import type { Panel, SeriesIdentity } from '../../models/series.ts'
import { assembleBand } from '../band/assemble-band.ts'
import type { BandStep } from '../band/fetch-band.ts'
import type { SeriesIndex } from '../panel/index-series.ts'
import { type Band, type ScoreRules, type Scores, scoreSeries } from './score-series.ts'

// 40 MB in five columns of doubles: a window of 300 steps over 100,000 series would take 30 times that at once
const samplesPerChunk = 1_000_000

export interface PanelToScore {
  readonly panel: Panel
  /** The series of the panel in its order, then those that are absent from it; in the order of the index. */
  readonly series: readonly SeriesIdentity[]
  readonly index: SeriesIndex
  /** One per panel step. */
  readonly steps: readonly BandStep[]
  readonly rules: ScoreRules
}

/** Some series at all steps, laid out as a SampleBlock. */
export interface ScoredChunk extends Scores {
  /** Index of the first of them among all series. */
  readonly from: number
  readonly series: readonly SeriesIdentity[]
  readonly values: Float64Array
  readonly band: Band
}

/** Scores a panel chunk by chunk, so that a long window over many series stays bounded in memory. */
export function* scorePanel({ panel, series, index, steps, rules }: PanelToScore): Generator<ScoredChunk> {
  const seriesPerChunk = Math.max(1, Math.floor(samplesPerChunk / steps.length))
  for (let from = 0; from < series.length; from += seriesPerChunk) {
    const some = series.slice(from, from + seriesPerChunk)
    const values = new Float64Array(some.length * steps.length).fill(Number.NaN)
    panel.series.slice(from, from + seriesPerChunk).forEach((read, s) => {
      values.set(read.values, s * steps.length)
    })
    const band = assembleBand({ steps, index, from, until: from + some.length })
    yield { from, series: some, values, band, ...scoreSeries(values, band, rules) }
  }
}
