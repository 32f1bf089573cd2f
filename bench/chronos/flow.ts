import { contextRange, forecast } from '../../flows/forecast.ts'
import type { ForecastParams } from '../../flows/params.ts'
import { floorToStep } from '../../models/series.ts'
import { openRig, type Rig } from '../pipeline/rig.ts'
import { load } from '../pipeline/synthetic.ts'
import { type BenchRow, row } from '../report.ts'
import { secondsOf } from './throughput.ts'

const stepMs = 300_000
const minuteMs = 60_000
const context = 512

export interface FlowStage {
  readonly folder: string
  readonly name: string
  readonly seriesCount: number
  readonly aims: boolean
}

/** A forecast run with a network on real servers, beside the bare inference of the same contexts. */
export async function flowRows({ folder, name, seriesCount, aims }: FlowStage): Promise<BenchRow[]> {
  const rig = await openRig()
  try {
    const nominalMs = floorToStep(Date.now(), stepMs)
    const params = paramsOf(folder, seriesCount)
    const { fromMs, untilMs } = contextRange(params, nominalMs)
    const range = { query: params.query, startMs: fromMs + stepMs, endMs: untilMs, stepMs, maxSeries: seriesCount }
    await load(rig.deps.writer, { metric: params.query, seriesCount, ...range, length: context })
    await fetch(`${rig.store.url}/internal/force_flush`)
    const bare = await bareSeconds(rig, params, range)
    const owned = { fromMs: nominalMs + 10 * minuteMs, untilMs: nominalMs + 70 * minuteMs }
    const flow = await secondsOf(async () => {
      const result = await forecast.run(rig.deps, params, { nominalMs, kind: 'run', owned, runNonce: 'bench' })
      if (result.forecast !== seriesCount || result.fallback)
        throw new Error(`forecast ${result.forecast}, ${result.fallback}`)
    })
    const title = `flow of ${seriesCount.toLocaleString('en-US')} series x ${context}, ${name}`
    return [
      row(`${title}: bare inference`, bare, 's'),
      row(`${title}: read, forecast, keep, write`, flow, 's'),
      row(`${title}: of the bare inference`, flow / bare, 'times', aims ? '<= 1.25' : undefined),
    ]
  } finally {
    await rig.close()
  }
}

async function bareSeconds({ deps }: Rig, params: ForecastParams, range: Parameters<typeof deps.reader.queryRange>[0]) {
  const panel = await deps.reader.queryRange(range)
  const contexts = panel.series.map(({ values }) => values)
  const forecaster = deps.forecasters.get(params.model)
  const request = { endMs: range.endMs, stepMs, horizon: params.horizon, levels: [0.1, 0.5, 0.9] }
  await forecaster.forecast({ ...request, contexts: contexts.slice(0, 256) })
  return secondsOf(() => forecaster.forecast({ ...request, contexts }))
}

function paramsOf(model: string, seriesCount: number): ForecastParams {
  return {
    ...{ tenant: 'default', mission: 'bench-chronos', query: 'bench_chronos', stepMs, evalDelayMs: 30_000 },
    ...{ maxSeries: seriesCount, allowOutputs: false, scopeKey: 'bench', bandKey: 'bench', bandExitsPerDay: 0.015 },
    ...{ context, horizon: 64, minPoints: 10, model, fallback: 'seasonal-naive' },
  }
}
