import { type Labels, type MissionName, type Panel, type SeriesIdentity, seriesId } from '../../models/series.ts'
import type { BandSource } from '../band/fetch-band.ts'
import type { BandRows, Deps } from '../deps.ts'
import { outputAtStep } from '../panel/output-selector.ts'

export interface DrawnBandQuery {
  readonly mission: MissionName
  /** Grid steps, ascending; only those that are drawn come back. */
  readonly gridMs: readonly number[]
  readonly stepMs: number
}

/** Reads the band that forecast runs have drawn in the store; undefined when there is none. */
export async function readDrawnBand(
  { reader, signal }: Pick<Deps, 'reader' | 'signal'>,
  { mission, gridMs, stepMs }: DrawnBandQuery,
): Promise<BandSource | undefined> {
  const [startMs, endMs] = [gridMs[0], gridMs.at(-1)]
  if (startMs === undefined || endMs === undefined) return undefined
  const read = (name: string) =>
    reader.queryRange({ query: outputAtStep(name, mission), startMs, endMs, stepMs, ownOutputs: true }, signal)
  const [pred, lower, upper] = await Promise.all([read('anomaly_pred'), read('anomaly_lower'), read('anomaly_upper')])
  if (pred.series.length === 0) return undefined
  const identities = pred.series.map(({ labels }) => drawnIdentity(labels))
  const rows = new Map(identities.map(({ id }, row) => [id, row]))
  const columns = { pred: columnsOf(pred, rows), lower: columnsOf(lower, rows), upper: columnsOf(upper, rows) }
  const bands = new Map<number, BandRows>()
  for (const ms of gridMs) {
    const band = { pred: columns.pred(ms), lower: columns.lower(ms), upper: columns.upper(ms) }
    if (band.pred.some(Number.isFinite)) bands.set(ms, band)
  }
  return { payload: undefined, rows, bands, identities }
}

/** The labels as they were written are what the store has, apart from the name of the metric. */
function drawnIdentity({ __name__, ...labels }: Labels): SeriesIdentity {
  return { id: seriesId(labels), labels }
}

/** Values of all rows at one instant; the three metrics may come back in any order. */
function columnsOf(panel: Panel, rows: ReadonlyMap<string, number>): (ms: number) => Float32Array {
  const rowOf = panel.series.map(({ labels }) => rows.get(drawnIdentity(labels).id))
  return (ms) => {
    const column = new Float32Array(rows.size).fill(Number.NaN)
    const step = Math.round((ms - panel.startMs) / panel.stepMs)
    panel.series.forEach(({ values }, i) => {
      const row = rowOf[i]
      if (row !== undefined) column[row] = values[step] ?? Number.NaN
    })
    return column
  }
}
