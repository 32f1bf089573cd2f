import type { SeriesIdentity } from '../../models/series.ts'
import type { BandSource } from '../band/fetch-band.ts'

/** Row of every series in each source, in the order of the series; -1 = the source lacks it. */
export type SeriesIndex = ReadonlyMap<BandSource, Int32Array>

type Remembered = WeakMap<readonly SeriesIdentity[], Int32Array>

// a panel and a forecast stay the same objects for an hour of ticks; 100,000 look-ups are most of what a tick costs
const remembered = new WeakMap<BandSource['rows'], Remembered>()

/** Rows of a panel in one source. */
export function rowsIn({ rows }: BandSource, series: readonly SeriesIdentity[]): Int32Array {
  const bySeries: Remembered = remembered.get(rows) ?? new WeakMap()
  const found = bySeries.get(series) ?? Int32Array.from(series, ({ id }) => rows.get(id) ?? -1)
  bySeries.set(series, found)
  remembered.set(rows, bySeries)
  return found
}

/** Rows of the series of a panel, then of those that are absent from it. */
export function indexSeries(
  sources: readonly BandSource[],
  present: readonly SeriesIdentity[],
  absent: readonly SeriesIdentity[],
): SeriesIndex {
  return new Map(
    sources.map((source) => {
      const rows = new Int32Array(present.length + absent.length)
      rows.set(rowsIn(source, present))
      rows.set(rowsIn(source, absent), present.length)
      return [source, rows]
    }),
  )
}
