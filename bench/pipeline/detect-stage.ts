import type { DetectResult } from '../../flows/contexts.ts'
import { detect } from '../../flows/detect.ts'
import type { DetectParams } from '../../flows/params.ts'
import { floorToStep, identifySeries, type MissionName } from '../../models/series.ts'
import type { Payload, PayloadMeta } from '../../tasks/deps.ts'
import { type BenchRow, median, row } from '../report.ts'
import type { Rig } from './rig.ts'
import { timeStoreRead, timeStoreWrite } from './store-time.ts'
import { labelsOf, load } from './synthetic.ts'

const stepMs = 300_000
const minuteMs = 60_000
const steadyTicks = 3
const name: MissionName = { tenant: 'default', mission: 'bench-detect' }
const metric = 'bench_live'

/** Detect ticks at one minute: the first, whose score series are new to the store, and those after it. */
export async function detectStage(
  { deps, store: { url: storeUrl } }: Rig,
  { seriesCount, aims }: { seriesCount: number; aims: boolean },
): Promise<BenchRow[]> {
  // the last tick, and a minute beside each tick for what the store needs itself, lie before now
  const firstMs = floorToStep(Date.now(), minuteMs) - 2 * (steadyTicks + 1) * minuteMs
  await load(deps.writer, { metric, seriesCount, startMs: firstMs, stepMs: minuteMs, length: steadyTicks + 1 })
  await fetch(`${storeUrl}/internal/force_flush`)
  const payload = payloadFor(seriesCount, floorToStep(firstMs, stepMs) - 12 * stepMs)
  await deps.cache.keep(name, payload)
  const first = await runTick(deps, { seriesCount, meta: payload.meta, atMs: firstMs })
  const ticks: Tick[] = []
  const reads: number[] = []
  const writes: number[] = []
  for (let i = 1; i <= steadyTicks; i++) {
    const atMs = firstMs + i * minuteMs
    ticks.push(await runTick(deps, { seriesCount, meta: payload.meta, atMs }))
    reads.push((await timeStoreRead(storeUrl, { query: metric, startMs: atMs, endMs: atMs, stepMs: minuteMs })).seconds)
    writes.push(await timeStoreWrite(storeUrl, [scores(payload, atMs + (steadyTicks + 1) * minuteMs)]))
  }
  const newSeries = await timeStoreWrite(storeUrl, [{ ...scores(payload, firstMs), name: 'bench_new' }])
  const steady = median(ticks, ({ seconds }) => seconds)
  const [read, write] = [reads, writes].map((seconds) => median(seconds, (value) => value)) as [number, number]
  const label = (what: string) => `detect ${seriesCount.toLocaleString('en-US')}: ${what}`
  return [
    ...stageRows(label('first tick'), first),
    ...stageRows(label('steady tick'), steady, aims ? '<= 6' : undefined),
    row(label("store's own time to read"), read, 's'),
    row(label("store's own time to write"), write, 's'),
    row(label("store's own time to write new series"), newSeries, 's'),
    row(label('steady tick, of the store'), steady.seconds / (read + write), 'times', aims ? '<= 2' : undefined),
  ]
}

interface Tick {
  readonly seconds: number
  readonly result: DetectResult
}

function stageRows(label: string, { seconds, result }: Tick, aim?: string): BenchRow[] {
  return [
    row(label, seconds, 's', aim),
    ...Object.entries(result.seconds).map(([stage, spent]) => row(`${label}, ${stage}`, spent, 's')),
    row(`${label}, scored`, result.scored / seconds, 'samples/s'),
  ]
}

async function runTick(
  deps: Rig['deps'],
  { seriesCount, meta, atMs }: { seriesCount: number; meta: PayloadMeta; atMs: number },
): Promise<Tick> {
  const startedMs = performance.now()
  const payloads = await deps.cache.list(name)
  const result = await detect.run(deps, paramsFor(seriesCount), {
    nominalMs: atMs + minuteMs,
    window: { fromMs: atMs - minuteMs, untilMs: atMs },
    owners: [{ nominalMs: meta.nominalMs, owned: meta.owned }],
    ...{ payloads, storeFallback: true },
  })
  const seconds = (performance.now() - startedMs) / 1_000
  if (result.scored !== seriesCount) throw new Error(`${result.scored} of ${seriesCount} series were scored`)
  return { seconds, result }
}

function paramsFor(seriesCount: number): DetectParams {
  return {
    ...{ ...name, query: metric, stepMs, evalDelayMs: 30_000, maxSeries: seriesCount, allowOutputs: false },
    ...{ scopeKey: 'bench', bandKey: 'bench', detectStepMs: minuteMs, direction: 'both' },
    ...{ minDeviation: 0, minRelativeDeviation: 0 },
  }
}

/** A payload that serves all ticks; its steps share their rows, or making it would need more memory than the ticks. */
function payloadFor(seriesCount: number, nominalMs: number): Payload {
  const labels = Array.from({ length: seriesCount }, (_, i) => ({ labels: labelsOf(metric, i) }))
  const series = identifySeries(labels, name)
  const rows = (value: number) => new Float32Array(seriesCount).fill(value)
  const band = { pred: rows(100), lower: rows(75), upper: rows(125) }
  const horizon = 64
  const owned = { fromMs: nominalMs, untilMs: nominalMs + horizon * stepMs }
  return {
    meta: {
      ...{ bandKey: 'bench', scopeKey: 'bench', nominalMs, kind: 'run', nonce: 'bench', model: 'seasonal-naive' },
      ...{ startMs: nominalMs + stepMs, stepMs, horizon, seriesCount, owned, published: owned },
    },
    ...{ series, steps: Array.from({ length: horizon }, () => band), skipped: [] },
  }
}

function scores({ series }: Payload, atMs: number) {
  const values = Float64Array.from(series, (_, i) => (i % 1_000) / 1_000)
  return { name: 'anomaly_score', series, timestampsMs: [atMs], values }
}
