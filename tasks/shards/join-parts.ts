import { AppError } from '../../models/errors.ts'
import type { MissionName, SeriesIdentity } from '../../models/series.ts'
import type { BandRows, ForecastCache, Payload, PayloadMeta, Skip } from '../deps.ts'

/** A part as its shard kept it, by a name of its own. */
export interface KeptPart {
  readonly keptAs: MissionName
  readonly meta: PayloadMeta
}

export type JoinedParts = Pick<Payload, 'series' | 'steps' | 'skipped' | 'records'> & {
  /** Models that made them, of those with some series. */
  readonly models: readonly string[]
}

/** Steps of a part that are in memory beside the whole. */
const stepsPerRead = 16

/** undefined while there is none. */
export async function findPart(
  { list }: Pick<ForecastCache, 'list'>,
  keptAs: MissionName,
  { bandKey, nominalMs }: Pick<PayloadMeta, 'bandKey' | 'nominalMs'>,
): Promise<KeptPart | undefined> {
  const meta = (await list(keptAs)).find((kept) => kept.bandKey === bandKey && kept.nominalMs === nominalMs)
  return meta && { keptAs, meta }
}

/**
 * The rows of all parts, one part after the other, as far ahead as each of them reaches.
 * @throws LABEL_COLLISION where two of them hold a series under the same labels, REDIS_UNAVAILABLE where one is gone.
 */
export async function joinParts(cache: ForecastCache, parts: readonly KeptPart[]): Promise<JoinedParts> {
  const [series, skips, records] = await Promise.all([
    Promise.all(parts.map((part) => seriesOf(cache, part))),
    Promise.all(parts.map(({ keptAs, meta }) => cache.skipped(keptAs, meta))),
    Promise.all(parts.map(({ keptAs, meta }) => cache.records(keptAs, meta))),
  ])
  const all = series.flat()
  checkUnique(all)
  const skipped = skips.flatMap((skip) => [...skip].map(([id, why]): Skip & { id: string } => ({ id, ...why })))
  return {
    series: all,
    steps: await joinedSteps(cache, parts, all.length),
    skipped,
    models: parts.flatMap(({ meta }) => (meta.seriesCount > 0 ? [meta.model] : [])),
    ...(records.some((each) => each) && {
      records: records.flatMap((each, i) => each ?? new Array<undefined>(series[i]!.length).fill(undefined)),
    }),
  }
}

async function seriesOf({ identities }: ForecastCache, part: KeptPart): Promise<readonly SeriesIdentity[]> {
  const series = await identities(part.keptAs, part.meta)
  if (!series) throw gone(part)
  return series
}

function checkUnique(series: readonly SeriesIdentity[]): void {
  const seen = new Set<string>()
  for (const { id, labels } of series) {
    if (seen.has(id))
      throw new AppError(
        'LABEL_COLLISION',
        `mission ${labels.mission}: two series would be written under the same labels ${JSON.stringify(labels)}`,
      )
    seen.add(id)
  }
}

async function joinedSteps(cache: ForecastCache, parts: readonly KeptPart[], count: number): Promise<BandRows[]> {
  const horizon = Math.min(...parts.map(({ meta }) => meta.horizon))
  const steps = Array.from({ length: horizon }, (): BandRows => {
    return { pred: new Float32Array(count), lower: new Float32Array(count), upper: new Float32Array(count) }
  })
  let row = 0
  for (const part of parts) {
    const { startMs, stepMs, seriesCount } = part.meta
    for (let from = 0; from < horizon; from += stepsPerRead) {
      const some = steps.slice(from, from + stepsPerRead)
      const instants = some.map((_, i) => startMs + (from + i) * stepMs)
      const bands = await cache.bands(part.keptAs, part.meta, instants)
      for (const [i, step] of some.entries()) {
        const band = bands.get(instants[i]!)
        if (!band) throw gone(part)
        for (const quantity of ['pred', 'lower', 'upper'] as const) step[quantity].set(band[quantity], row)
      }
    }
    row += seriesCount
  }
  return steps
}

/** Worth another attempt, which has it made again. */
function gone({ keptAs, meta }: KeptPart): AppError {
  const T = new Date(meta.nominalMs).toISOString()
  return new AppError('REDIS_UNAVAILABLE', `${keptAs.mission}: a part of the forecast of T ${T} is gone from Redis`)
}
