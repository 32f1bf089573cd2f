import { AppError } from '../../models/errors.ts'
import { type MissionName, type SeriesIdentity, type StepRange, stepsIn } from '../../models/series.ts'
import type { BandRows, Deps, PayloadMeta, PublishGrant, WriteReport } from '../deps.ts'
import { drawnSeries } from './drawn-series.ts'
import { sumReports, writeBand } from './write-band.ts'

/** Values of one part of the band that are in memory at a time. */
const valuesPerWrite = 1_000_000

export interface Publication {
  readonly mission: MissionName
  /** A payload that is kept. */
  readonly payload: PayloadMeta
  /** The steps that its run owns. */
  readonly owned: StepRange
  /** The payload that this one took the place of. */
  readonly replaced?: PayloadMeta | undefined
}

type PublishDeps = Pick<Deps, 'cache' | 'marks' | 'reader' | 'writer' | 'signal'>

export interface PublishReport extends Required<WriteReport> {
  /** Undefined when the mission has moved on: somebody else draws these steps. */
  readonly published: StepRange | undefined
}

/**
 * Writes the steps that a run owns, from what is kept, so that every attempt sends the same bytes.
 * The mark moves before the first byte; steps that somebody may have drawn are sent for the series that lack them only.
 */
export async function publishBand(deps: PublishDeps, publication: Publication): Promise<PublishReport> {
  const { mission, payload, owned } = publication
  const series = await deps.cache.identities(mission, payload)
  if (!series) throw gone(publication)
  const { bandKey, nominalMs, kind, nonce } = payload
  const claim = { mission, owned, ref: { bandKey, nominalMs, kind, nonce } }
  // no series, no byte: there is nothing to claim
  const grant = series.length > 0 ? await deps.marks.claim(claim) : { steps: owned, undrawnOnly: undefined }
  if (!grant.undrawnOnly && grant.steps.fromMs >= grant.steps.untilMs)
    return { ...sumReports([]), published: undefined }
  const report = await writeGranted(deps, publication, { ...grant, series })
  const published = union(payload.published, owned)
  await deps.cache.markPublished(mission, payload, published)
  return { ...report, published }
}

/** After an edit of the schedule a published T may own more than it did. */
function union(published: StepRange | undefined, owned: StepRange): StepRange {
  if (!published) return owned
  return {
    fromMs: Math.min(published.fromMs, owned.fromMs),
    untilMs: Math.max(published.untilMs, owned.untilMs),
  }
}

async function writeGranted(
  deps: PublishDeps,
  publication: Publication,
  { steps, undrawnOnly, series }: PublishGrant & { readonly series: readonly SeriesIdentity[] },
): Promise<Required<WriteReport>> {
  const { mission, payload } = publication
  const { stepMs } = payload
  const reports: WriteReport[] = []
  if (undrawnOnly) {
    const payloads = await othersOf(deps, publication)
    const omit = await drawnSeries(deps, { mission, stepMs, steps: undrawnOnly, payloads })
    // this attempt may follow one that broke off: what that has not finished must not look drawn
    for await (const bands of bandsIn(deps, publication, { steps: undrawnOnly, seriesCount: series.length })) {
      reports.push(await writeBand(deps, { series, bands, omit, predLast: true }))
    }
  }
  for await (const bands of bandsIn(deps, publication, { steps, seriesCount: series.length })) {
    reports.push(await writeBand(deps, { series, bands }))
  }
  return sumReports(reports)
}

async function othersOf({ cache }: PublishDeps, { mission, payload, replaced }: Publication): Promise<PayloadMeta[]> {
  const others = (await cache.list(mission)).filter(({ nonce }) => nonce !== payload.nonce)
  return replaced ? [...others, replaced] : others
}

async function* bandsIn(
  { cache }: PublishDeps,
  publication: Publication,
  { steps, seriesCount }: { readonly steps: StepRange; readonly seriesCount: number },
): AsyncGenerator<ReadonlyMap<number, BandRows>> {
  const { mission, payload } = publication
  const lastMs = payload.startMs + (payload.horizon - 1) * payload.stepMs
  const range = {
    fromMs: Math.max(steps.fromMs, payload.startMs - payload.stepMs),
    untilMs: Math.min(steps.untilMs, lastMs),
  }
  const stepsMs = stepsIn(range, payload.stepMs)
  const stepsPerWrite = Math.max(1, Math.floor(valuesPerWrite / (seriesCount || 1)))
  for (let from = 0; from < stepsMs.length; from += stepsPerWrite) {
    const some = stepsMs.slice(from, from + stepsPerWrite)
    const bands = await cache.bands(mission, payload, some)
    if (bands.size < some.length) throw gone(publication)
    yield bands
  }
}

/** Worth another attempt, which computes it anew. */
function gone({ mission, payload }: Publication): AppError {
  return new AppError(
    'REDIS_UNAVAILABLE',
    `mission ${mission.mission}: the forecast of T ${new Date(payload.nominalMs).toISOString()} is gone from Redis`,
  )
}
