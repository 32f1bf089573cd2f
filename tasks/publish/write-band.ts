import type { SeriesIdentity } from '../../models/series.ts'
import type { BandRows, Deps, SampleBlock, WriteReport } from '../deps.ts'

const parts = ['pred', 'lower', 'upper'] as const

export interface BandToWrite {
  readonly series: readonly SeriesIdentity[]
  /** Rows by instant, in the order of `series`. */
  readonly bands: ReadonlyMap<number, BandRows>
  /** Leaves a series out at an instant. */
  readonly omit?: (id: string, ms: number) => boolean
  /** Sends pred only when the edges are acknowledged: who finds a pred in the store then knows the band is whole. */
  readonly predLast?: boolean
}

/** Writes `anomaly_pred`, `anomaly_lower` and `anomaly_upper`. */
export async function writeBand(
  { writer, signal }: Pick<Deps, 'writer' | 'signal'>,
  { predLast = false, ...band }: BandToWrite,
): Promise<WriteReport> {
  const blocks = bandBlocks(band)
  const [pred, ...edges] = blocks
  if (!predLast || !pred) return writer.write(blocks, signal)
  return sumReports([await writer.write(edges, signal), await writer.write([pred], signal)])
}

/** The samples of a band, pred first. */
export function bandBlocks({ series, bands, omit }: Omit<BandToWrite, 'predLast'>): SampleBlock[] {
  const timestampsMs = [...bands.keys()].sort((a, b) => a - b)
  return parts.map((part) => {
    const values = new Float64Array(series.length * timestampsMs.length)
    for (const [t, ms] of timestampsMs.entries()) {
      const rows = bands.get(ms)![part]
      for (const [s, { id }] of series.entries()) {
        values[s * timestampsMs.length + t] = omit?.(id, ms) ? Number.NaN : rows[s]!
      }
    }
    return { name: `anomaly_${part}`, series, timestampsMs, values }
  })
}

export function sumReports(reports: readonly WriteReport[]): Required<WriteReport> {
  return {
    written: reports.reduce((sum, { written }) => sum + written, 0),
    dropped: reports.reduce((sum, { dropped }) => sum + dropped, 0),
    rejected: reports.flatMap(({ rejected }) => rejected),
    clamped: reports.reduce((sum, { clamped = 0 }) => sum + clamped, 0),
  }
}
