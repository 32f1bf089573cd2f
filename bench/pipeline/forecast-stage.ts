import { contextRange, forecast } from '../../flows/forecast.ts'
import type { ForecastParams } from '../../flows/params.ts'
import { floorToStep } from '../../models/series.ts'
import { type BenchRow, row } from '../report.ts'
import { type ReadTimes, timeReading } from './read-times.ts'
import type { Rig } from './rig.ts'
import { load } from './synthetic.ts'

const stepMs = 300_000
const minuteMs = 60_000

/** One forecast run: read the context of every series, forecast, keep, write what the run owns. */
export async function forecastStage(
  rig: Rig,
  { seriesCount, context, aims }: { seriesCount: number; context: number; aims: boolean },
): Promise<BenchRow[]> {
  const { deps, redis, store } = rig
  const nominalMs = floorToStep(Date.now(), stepMs)
  const params = paramsOf(seriesCount, context)
  const { fromMs, untilMs } = contextRange(params, nominalMs)
  const range = { query: params.query, startMs: fromMs + stepMs, endMs: untilMs, stepMs, maxSeries: seriesCount }
  await load(deps.writer, { metric: params.query, seriesCount, ...range, length: context })
  await fetch(`${store.url}/internal/force_flush`)
  const times = await timeReading(rig, range)
  const owned = { fromMs: nominalMs + 10 * minuteMs, untilMs: nominalMs + 70 * minuteMs }
  const result = await forecast.run(deps, params, { nominalMs, kind: 'run', owned, runNonce: 'bench' })
  if (result.forecast !== seriesCount) throw new Error(`${result.forecast} of ${seriesCount} series were forecast`)
  const { read = 0, forecast: forecastSeconds = 0, keep = 0, write = 0 } = result.seconds
  const points = seriesCount * context
  const key = '{at:m:default/bench-forecast}:p:bench'
  const cacheBytes = Number(await redis.memory('USAGE', key, 'SAMPLES', 0))
  const name = (stage: string) => `forecast ${seriesCount.toLocaleString('en-US')} x ${context}: ${stage}`
  return [
    ...readRows(name, { times, points, aims }),
    row(name('read, in the run'), read, 's'),
    row(name('forecast'), forecastSeconds, 's'),
    row(name('forecast'), seriesCount / forecastSeconds, 'series/s'),
    row(name('keep'), keep, 's'),
    row(name('kept in Redis'), cacheBytes / 1e6, 'MB'),
    row(name('write'), write, 's'),
    row(name('write'), result.samplesWritten / write, 'samples/s'),
  ]
}

interface ReadFigures {
  readonly times: ReadTimes
  readonly points: number
  readonly aims: boolean
}

/** Parsing is what our reader takes beyond receiving, where the store is not at work beside it. */
function readRows(name: (stage: string) => string, { times, points, aims }: ReadFigures): BenchRow[] {
  const { store, read, replayed, received } = times
  const parsing = replayed.cpuSeconds - received.cpuSeconds
  return [
    row(name("store's own time to read"), store.seconds, 's'),
    row(name("store's own CPU to read"), store.cpuSeconds, 's'),
    row(name('answer'), store.bytes / 1e6, 'MB'),
    row(name('our time to read'), read.seconds, 's'),
    row(name('our time to read'), points / read.seconds / 1e6, 'M points/s'),
    row(name('our CPU to read, beside the store'), read.cpuSeconds, 's'),
    row(name('our CPU to read, replayed'), replayed.cpuSeconds, 's'),
    row(name('our CPU to receive, replayed'), received.cpuSeconds, 's'),
    row(name('our parsing, of the store'), parsing / store.seconds, 'share', aims ? '<= 0.333' : undefined),
    row(name('our CPU to read, of the store'), read.cpuSeconds / store.seconds, 'share'),
  ]
}

function paramsOf(seriesCount: number, context: number): ForecastParams {
  return {
    ...{ tenant: 'default', mission: 'bench-forecast', query: 'bench_requests', stepMs, evalDelayMs: 30_000 },
    ...{ maxSeries: seriesCount, allowOutputs: false, scopeKey: 'bench', bandKey: 'bench', bandExitsPerDay: 0.015 },
    ...{ context, horizon: 64, minPoints: 10, model: 'seasonal-naive', fallback: 'seasonal-naive' },
  }
}
