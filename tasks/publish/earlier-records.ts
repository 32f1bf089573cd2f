import type { MissionName, SeriesIdentity } from '../../models/series.ts'
import type { Deps, SeriesRecords } from '../deps.ts'

export interface RecordsRequest {
  readonly mission: MissionName
  /** Payloads of another one may be another model's. */
  readonly bandKey: string
  /** T of the run that asks: only older ones count, so that a repeated run finds what the first one found. */
  readonly nominalMs: number
  readonly series: readonly SeriesIdentity[]
}

// a run and the joins of its time
const payloadsAtMost = 4

/** What the last forecast of each series left; undefined where no series has a record. */
export async function earlierRecords(
  { cache }: Pick<Deps, 'cache'>,
  { mission, bandKey, nominalMs, series }: RecordsRequest,
): Promise<SeriesRecords | undefined> {
  const older = (await cache.list(mission)).filter((meta) => meta.bandKey === bandKey && meta.nominalMs < nominalMs)
  const found = new Map<string, Uint8Array>()
  for (const ref of older.slice(0, payloadsAtMost)) {
    const records = await cache.records(mission, ref)
    if (!records) continue
    const index = await cache.series(mission, ref)
    for (const [row, id] of (index?.ids ?? []).entries()) {
      const record = records[row]
      if (record && !found.has(id)) found.set(id, record)
    }
    if (series.every(({ id }) => found.has(id))) break
  }
  return found.size > 0 ? series.map(({ id }) => found.get(id)) : undefined
}
