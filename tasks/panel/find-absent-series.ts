import type { MissionName, SeriesIdentity } from '../../models/series.ts'
import { type BandSource, type BandStep, sourcesOf } from '../band/fetch-band.ts'
import type { Deps } from '../deps.ts'
import { rowsIn } from './index-series.ts'

export interface Expectation {
  /** The series that the query returned. */
  readonly present: readonly SeriesIdentity[]
  readonly steps: readonly BandStep[]
}

/** Series that are expected, since they have a band, but that the query did not return. */
export async function findAbsentSeries(
  { cache }: Pick<Deps, 'cache'>,
  mission: MissionName,
  { present, steps }: Expectation,
): Promise<SeriesIdentity[]> {
  const absent = new Map<string, SeriesIdentity>()
  for (const source of sourcesOf(steps)) {
    const rows = absentRows(source, present)
    if (rows.length === 0) continue
    const { payload } = source
    const identities = source.identities ?? (payload && (await cache.identities(mission, payload)))
    for (const row of rows) {
      const identity = identities?.[row]
      if (identity) absent.set(identity.id, identity)
    }
  }
  return [...absent.values()]
}

function absentRows(source: BandSource, present: readonly SeriesIdentity[]): number[] {
  const isPresent = new Uint8Array(source.rows.size)
  for (const row of rowsIn(source, present)) if (row >= 0) isPresent[row] = 1
  const absent: number[] = []
  for (let row = 0; row < isPresent.length; row++) if (isPresent[row] === 0) absent.push(row)
  return absent
}
