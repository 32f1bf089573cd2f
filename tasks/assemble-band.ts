import type { SeriesIdentity } from '../models/series.ts'
import type { BandRows } from './deps.ts'
import type { BandSource, BandStep } from './fetch-band.ts'
import type { Band } from './score-series.ts'

/** One source at both ends of a step, with its row of every series; -1 = it lacks the series. */
interface End {
  readonly rows: Int32Array
  readonly low: BandRows | undefined
  readonly high: BandRows | undefined
}

/**
 * The band of every series at every step, laid out as a SampleBlock: `pred[s * steps.length + t]`, NaN = none.
 * Linear between the grid steps; a series that one end lacks takes both ends from the other end's source.
 */
export function assembleBand(identities: readonly SeriesIdentity[], steps: readonly BandStep[]): Band {
  const length = identities.length * steps.length
  const band = {
    pred: new Float64Array(length).fill(Number.NaN),
    lower: new Float64Array(length).fill(Number.NaN),
    upper: new Float64Array(length).fill(Number.NaN),
  }
  const rowsOf = rowsBySource(identities)
  steps.forEach((step, t) => {
    const { lowMs, highMs } = step
    const at = (source: BandSource): End => ({
      rows: rowsOf(source),
      low: source.bands.get(lowMs),
      high: source.bands.get(highMs),
    })
    const share = highMs === lowMs ? 0 : (step.atMs - lowMs) / (highMs - lowMs)
    drawStep(band, { low: step.low.map(at), high: step.high.map(at), share, offset: t, stride: steps.length })
  })
  return band
}

/** Looks each series up once per source, however many steps it serves. */
function rowsBySource(identities: readonly SeriesIdentity[]): (source: BandSource) => Int32Array {
  const found = new Map<BandSource, Int32Array>()
  return (source) => {
    const rows = found.get(source) ?? Int32Array.from(identities, ({ id }) => source.rows.get(id) ?? -1)
    found.set(source, rows)
    return rows
  }
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
    const [lowRow, highRow] = [lowEnd.rows[s]!, highEnd.rows[s]!]
    const i = s * stride + offset
    for (const edge of ['pred', 'lower', 'upper'] as const) {
      band[edge][i] = between(lowEnd.low[edge][lowRow]!, highEnd.high[edge][highRow]!, share)
    }
  }
}

/** The first source that has a forecast for the series at this end. */
function serving(ends: readonly End[], side: 'low' | 'high', s: number): End | undefined {
  for (const end of ends) {
    const row = end.rows[s]!
    if (row >= 0 && !Number.isNaN(end[side]?.pred[row] ?? Number.NaN)) return end
  }
  return undefined
}

function between(low: number, high: number, share: number): number {
  return low + (high - low) * share
}
