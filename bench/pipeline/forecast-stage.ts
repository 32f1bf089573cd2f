import { contextRange, forecast } from '../../flows/forecast.ts'
import type { ForecastParams } from '../../flows/params.ts'
import { floorToStep } from '../../models/series.ts'
import type { RangeQuery } from '../../tasks/deps.ts'
import { type BenchRow, median, row } from '../report.ts'
import type { Rig } from './rig.ts'
import { type StoreRead, timeStoreRead } from './store-time.ts'
import { load } from './synthetic.ts'

const stepMs = 300_000
const minuteMs = 60_000

/** One forecast run: read the context of every series, forecast, keep, write what the run owns. */
export async function forecastStage(
  { deps, redis, storeUrl }: Rig,
  { seriesCount, context, aims }: { seriesCount: number; context: number; aims: boolean },
): Promise<BenchRow[]> {
  const nominalMs = floorToStep(Date.now(), stepMs)
  const params = paramsOf(seriesCount, context)
  const { fromMs, untilMs } = contextRange(params, nominalMs)
  const range = { query: params.query, startMs: fromMs + stepMs, endMs: untilMs, stepMs, maxSeries: seriesCount }
  await load(deps.writer, { metric: params.query, seriesCount, ...range, length: context })
  await fetch(`${storeUrl}/internal/force_flush`)
  const { store, own, ownCpu } = await timeReading(deps, storeUrl, range)
  const owned = { fromMs: nominalMs + 10 * minuteMs, untilMs: nominalMs + 70 * minuteMs }
  const result = await forecast.run(deps, params, { nominalMs, kind: 'run', owned, runNonce: 'bench' })
  if (result.forecast !== seriesCount) throw new Error(`${result.forecast} of ${seriesCount} series were forecast`)
  const { read = 0, forecast: forecastSeconds = 0, keep = 0, write = 0 } = result.seconds
  const points = seriesCount * context
  const key = '{at:m:default/bench-forecast}:p:bench'
  const cacheBytes = Number(await redis.memory('USAGE', key, 'SAMPLES', 0))
  const name = (stage: string) => `forecast ${seriesCount.toLocaleString('en-US')} x ${context}: ${stage}`
  return [
    row(name("store's own time to read"), store.seconds, 's'),
    row(name('answer'), store.bytes / 1e6, 'MB'),
    row(name('our time to read'), own, 's'),
    row(name('our time to read'), points / own / 1e6, 'M points/s'),
    row(name('our CPU to receive and parse'), ownCpu, 's'),
    row(name('our parsing, of the store'), ownCpu / store.seconds, 'share', aims ? '<= 0.33' : undefined),
    row(name('read, in the run'), read, 's'),
    row(name('forecast'), forecastSeconds, 's'),
    row(name('forecast'), seriesCount / forecastSeconds, 'series/s'),
    row(name('keep'), keep, 's'),
    row(name('kept in Redis'), cacheBytes / 1e6, 'MB'),
    row(name('write'), write, 's'),
    row(name('write'), result.samplesWritten / write, 'samples/s'),
  ]
}

/**
 * By turns, so that what disturbs one disturbs the other. Our share is CPU time: while we read, the store is at work on
 * the same cores, so that wall time would count its work as ours.
 */
async function timeReading(deps: Rig['deps'], storeUrl: string, range: RangeQuery) {
  const store: StoreRead[] = []
  const own: { seconds: number; cpu: number }[] = []
  // the first reading warms the store's caches for both
  await timeStoreRead(storeUrl, range)
  for (let i = 0; i < 3; i++) {
    store.push(await timeStoreRead(storeUrl, range))
    const [startedMs, started] = [performance.now(), process.cpuUsage()]
    await deps.reader.queryRange(range, deps.signal)
    const { user, system } = process.cpuUsage(started)
    own.push({ seconds: (performance.now() - startedMs) / 1_000, cpu: (user + system) / 1e6 })
  }
  const ownReading = median(own, ({ seconds }) => seconds)
  return { store: median(store, ({ seconds }) => seconds), own: ownReading.seconds, ownCpu: ownReading.cpu }
}

function paramsOf(seriesCount: number, context: number): ForecastParams {
  return {
    ...{ tenant: 'default', mission: 'bench-forecast', query: 'bench_requests', stepMs, evalDelayMs: 30_000 },
    ...{ maxSeries: seriesCount, allowOutputs: false, scopeKey: 'bench', bandKey: 'bench', bandExitsPerDay: 0.015 },
    ...{ context, horizon: 64, minPoints: 10, model: 'seasonal-naive', fallback: 'seasonal-naive' },
  }
}
