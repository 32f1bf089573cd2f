import type { BandRows } from '../deps.ts'
import type { SeriesIndex } from '../panel/index-series.ts'
import type { Band } from '../score/score-series.ts'
import type { BandSource, BandStep } from './fetch-band.ts'

/** One source at both ends of a step, with its row of every series; -1 = it lacks the series. */
interface End {
  readonly rows: Int32Array
  readonly low: BandRows | undefined
  readonly high: BandRows | undefined
}

export interface BandToAssemble {
  /** One per detect step. */
  readonly steps: readonly BandStep[]
  readonly index: SeriesIndex
  /** Which series of the index: `from <= s < until`. */
  readonly from: number
  readonly until: number
}

/**
 * The band of some series at every step, laid out as a SampleBlock: `pred[s * steps.length + t]`, NaN = none.
 * Linear between the grid steps; a series that one end lacks takes both ends from the other end's source.
 */
export function assembleBand({ steps, index, from, until }: BandToAssemble): Band {
  const column = () => new Float64Array((until - from) * steps.length).fill(Number.NaN)
  const band = { pred: column(), lower: column(), upper: column() }
  steps.forEach((step, t) => {
    const { atMs, lowMs, highMs } = step
    const at = (source: BandSource): End => ({
      rows: index.get(source)!.subarray(from, until),
      low: source.bands.get(lowMs),
      high: source.bands.get(highMs),
    })
    const share = highMs === lowMs ? 0 : (atMs - lowMs) / (highMs - lowMs)
    drawStep(band, { low: step.low.map(at), high: step.high.map(at), share, offset: t, stride: steps.length })
  })
  return band
}

interface StepEnds {
  readonly low: readonly End[]
  readonly high: readonly End[]
  /** Weight of the high end. */
  readonly share: number
  readonly offset: number
  readonly stride: number
}

function drawStep(band: Band, { low, high, share, offset, stride }: StepEnds): void {
  const seriesCount = band.pred.length / stride
  for (let s = 0; s < seriesCount; s++) {
    const lowOwn = serving(low, 'low', s)
    const highOwn = serving(high, 'high', s)
    const lowEnd = lowOwn ?? highOwn
    const highEnd = highOwn ?? lowOwn
    if (!lowEnd?.low || !highEnd?.high) continue
    const [a, b] = [lowEnd.rows[s]!, highEnd.rows[s]!]
    const i = s * stride + offset
    band.pred[i] = between(lowEnd.low.pred[a]!, highEnd.high.pred[b]!, share)
    band.lower[i] = between(lowEnd.low.lower[a]!, highEnd.high.lower[b]!, share)
    band.upper[i] = between(lowEnd.low.upper[a]!, highEnd.high.upper[b]!, share)
  }
}

/** The first source that has a forecast for the series at this end. */
function serving(ends: readonly End[], side: 'low' | 'high', s: number): End | undefined {
  for (const end of ends) {
    const row = end.rows[s]!
    const band = side === 'low' ? end.low : end.high
    if (row >= 0 && band && !Number.isNaN(band.pred[row]!)) return end
  }
  return undefined
}

function between(low: number, high: number, share: number): number {
  return low + (high - low) * share
}
