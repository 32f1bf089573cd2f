import { setTimeout as sleep } from 'node:timers/promises'
import { AppError, toAppError } from '../../models/errors.ts'
import { floorToStep } from '../../models/series.ts'
import { type GeneratedSeries, liveStepMs, type Outage } from './generator.ts'
import { flushStore, importSamples, queryStore, type RawSeries } from './store.ts'

const historyMs = 8 * 86_400_000
/** Longer stretches are filled at `coarseStepMs`. */
const fineMs = 3_600_000
const coarseStepMs = 30_000
const maxSamplesPerRequest = 200_000

export interface FeedOptions {
  readonly storeUrl: string
  readonly series: readonly GeneratedSeries[]
  /** Instants after it are not in the store yet. */
  readonly afterMs: number
}

/**
 * Newest sample of the demo in the store, or the beginning of 8 days when there is none so young.
 * @throws UNSUPPORTED for a store that is no VictoriaMetrics: others take no past.
 */
export async function newestSampleMs(storeUrl: string, nowMs: number): Promise<number> {
  try {
    const [newest] = await queryStore(storeUrl, 'max(tlast_over_time(shop_requests_per_second[8d]))', nowMs)
    return Math.max(nowMs - historyMs, (newest?.values[0] ?? 0) * 1000)
  } catch (error) {
    const { code, message } = toAppError(error)
    if (code !== 'UNSUPPORTED') throw error
    throw new AppError(code, `the demo fills in 8 days of past, which only VictoriaMetrics takes: ${message}`)
  }
}

/** Writes every sample in `(afterMs, untilMs]`; returns how many. */
export async function fill(
  { storeUrl, series, afterMs }: FeedOptions,
  untilMs: number,
  outage?: Outage,
): Promise<number> {
  const stepMs = untilMs - afterMs > fineMs ? coarseStepMs : liveStepMs
  const firstMs = floorToStep(afterMs, stepMs) + stepMs
  const count = Math.floor((untilMs - firstMs) / stepMs) + 1
  const timestampsMs = Array.from({ length: Math.max(0, count) }, (_, i) => firstMs + i * stepMs)
  if (timestampsMs.length === 0) return 0
  const perRequest = Math.max(1, Math.floor(maxSamplesPerRequest / timestampsMs.length))
  for (let i = 0; i < series.length; i += perRequest) {
    const part = series.slice(i, i + perRequest)
    await importSamples(
      storeUrl,
      part.map((one) => rawSeries(one, timestampsMs, outage)),
    )
  }
  return series.length * timestampsMs.length
}

/** Fills what is missing until now, visible to the next query; returns how many samples. */
export async function backfill(options: FeedOptions, nowMs: number): Promise<number> {
  const coarseUntilMs = Math.max(options.afterMs, floorToStep(nowMs, coarseStepMs))
  const coarse = await fill(options, coarseUntilMs)
  const fine = await fill({ ...options, afterMs: coarseUntilMs }, nowMs)
  await flushStore(options.storeUrl)
  return coarse + fine
}

/** Writes what is due since the last turn; after a failure or a sleep of the machine that is more than one sample. */
export function liveFeed(options: FeedOptions): (nowMs: number, outage?: Outage) => Promise<void> {
  let { afterMs } = options
  return async (nowMs, outage) => {
    await fill({ ...options, afterMs }, nowMs, outage)
    afterMs = nowMs
  }
}

export async function feedLive(
  options: FeedOptions,
  outage: () => Outage | undefined,
  signal: AbortSignal,
): Promise<void> {
  const turn = liveFeed(options)
  while (!signal.aborted) {
    // the store is away for a moment: the next turn writes these samples too
    await turn(Date.now(), outage()).catch(() => {})
    await sleep(liveStepMs - (Date.now() % liveStepMs), undefined, { signal }).catch(() => {})
  }
}

function rawSeries({ labels, valueAt }: GeneratedSeries, timestampsMs: readonly number[], outage?: Outage): RawSeries {
  // six digits are more than any of them means
  return { labels, timestampsMs, values: timestampsMs.map((ms) => Number(valueAt(ms, outage).toPrecision(6))) }
}
