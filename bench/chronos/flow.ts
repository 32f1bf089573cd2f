import { contextRange, forecast } from '../../flows/forecast.ts'
import type { ForecastParams } from '../../flows/params.ts'
import { floorToStep } from '../../models/series.ts'
import { openRig, type Rig } from '../pipeline/rig.ts'
import { load } from '../pipeline/synthetic.ts'
import { type BenchRow, row } from '../report.ts'
import { secondsOf } from './throughput.ts'

const stepMs = 300_000
const minuteMs = 60_000
const hourMs = 60 * minuteMs
const context = 512

export interface FlowStage {
  readonly folder: string
  readonly name: string
  readonly seriesCount: number
  readonly aims: boolean
}

/**
 * Forecast runs with a network on real servers, beside the bare inference of the same contexts, before and after them. The
 * first run of a mission makes series that are new to the store's index; every later one is like the second.
 */
export async function flowRows({ folder, name, seriesCount, aims }: FlowStage): Promise<BenchRow[]> {
  const rig = await openRig()
  try {
    const nominalMs = floorToStep(Date.now(), stepMs)
    const params = paramsOf(folder, seriesCount)
    const { untilMs } = contextRange(params, nominalMs)
    const { fromMs } = contextRange(params, nominalMs - hourMs)
    const range = { query: params.query, startMs: fromMs + stepMs, endMs: untilMs, stepMs, maxSeries: seriesCount }
    await load(rig.deps.writer, { metric: params.query, seriesCount, ...range, length: context + hourMs / stepMs })
    await fetch(`${rig.store.url}/internal/force_flush`)
    const bare = await openBare(rig, params, { ...range, startMs: range.startMs + hourMs })
    const before = await bare()
    const first = await runFlow(rig, params, nominalMs - hourMs)
    const later = await runFlow(rig, params, nominalMs)
    const inference = (before + (await bare())) / 2
    const title = `flow of ${seriesCount.toLocaleString('en-US')} series x ${context}, ${name}`
    return [
      row(`${title}: bare inference`, inference, 's'),
      row(`${title}: first run`, first.seconds, 's'),
      row(`${title}: first run, of the bare inference`, first.seconds / inference, 'times'),
      ...Object.entries(later.stages).map(([stage, seconds]) => row(`${title}: later run, ${stage}`, seconds, 's')),
      row(`${title}: later run`, later.seconds, 's'),
      row(
        `${title}: later run, of the bare inference`,
        later.seconds / inference,
        'times',
        aims ? '<= 1.25' : undefined,
      ),
    ]
  } finally {
    await rig.close()
  }
}

interface RunTime {
  readonly seconds: number
  readonly stages: Readonly<Record<string, number>>
}

async function runFlow({ deps }: Rig, params: ForecastParams, nominalMs: number): Promise<RunTime> {
  const owned = { fromMs: nominalMs + 10 * minuteMs, untilMs: nominalMs + 70 * minuteMs }
  let stages = {}
  const seconds = await secondsOf(async () => {
    const result = await forecast.run(deps, params, { nominalMs, kind: 'run', owned, runNonce: 'bench' })
    if (result.forecast !== params.maxSeries || result.fallback)
      throw new Error(`forecast ${result.forecast}, ${result.fallback}`)
    stages = result.seconds
  })
  return { seconds, stages }
}

/** Seconds to forecast what is read once, each time it is called. */
async function openBare({ deps }: Rig, params: ForecastParams, range: Parameters<typeof deps.reader.queryRange>[0]) {
  const panel = await deps.reader.queryRange(range)
  const contexts = panel.series.map(({ values }) => values)
  const forecaster = deps.forecasters.get(params.model)
  const request = { endMs: range.endMs, stepMs, horizon: params.horizon, levels: [0.1, 0.5, 0.9] }
  await forecaster.forecast({ ...request, contexts: contexts.slice(0, 256) })
  return () => secondsOf(() => forecaster.forecast({ ...request, contexts }))
}

function paramsOf(model: string, seriesCount: number): ForecastParams {
  return {
    ...{ tenant: 'default', mission: 'bench-chronos', query: 'bench_chronos', stepMs, evalDelayMs: 30_000 },
    ...{ maxSeries: seriesCount, allowOutputs: false, scopeKey: 'bench', bandKey: 'bench', bandExitsPerDay: 0.015 },
    ...{ context, horizon: 64, minPoints: 10, model, fallback: 'seasonal-naive' },
  }
}
