import type { Forecaster } from '../../models/forecaster.ts'
import { createForecasters, forecasterFactories } from '../../models/registry.ts'
import { edgeLevels } from '../../tasks/publish/calibrate-band.ts'
import { type BenchRow, row } from '../report.ts'
import { benchSeries } from './series.ts'
import { horizon } from './shapes.ts'
import { secondsOf } from './throughput.ts'

const stepMs = 300_000
const hourSteps = 12

interface EmbeddedStage {
  readonly cores: number
  readonly quick: boolean
}

/** The forecaster that ships, and `auto` around it: at the first run of a mission, and an hour later. */
export async function embeddedRows({ cores, quick }: EmbeddedStage): Promise<BenchRow[]> {
  const forecasters = createForecasters(forecasterFactories, { cores })
  try {
    const rows: BenchRow[] = []
    for (const context of quick ? [512] : [512, 2_048]) {
      const count = (quick ? 500 : 4_000) / (context / 512)
      rows.push(...(await contextRows(forecasters, { cores, quick, context, count })))
    }
    return rows
  } finally {
    await forecasters.close()
  }
}

interface ContextStage extends EmbeddedStage {
  readonly context: number
  readonly count: number
}

async function contextRows(
  { get }: { get(name: string): Forecaster },
  { cores, quick, context, count }: ContextStage,
): Promise<BenchRow[]> {
  const series = benchSeries(count, context + hourSteps)
  const contexts = series.map((values) => values.subarray(0, context))
  const request = { contexts, endMs: 0, stepMs, horizon, levels: edgeLevels }
  const [embedded, auto] = [get('chronos-embedded'), get('auto')]
  // every copy open, with room for batches of this shape
  await embedded.forecast({ ...request, contexts: contexts.slice(0, 200) })
  const alone = await secondsOf(() => embedded.forecast(request))
  let records: (Uint8Array | undefined)[] = []
  const first = await secondsOf(async () => {
    records = (await auto.forecast(request)).map(({ record }) => record)
  })
  const hourLater = { contexts: series.map((values) => values.subarray(-context)), endMs: hourSteps * stepMs, records }
  const later = await secondsOf(() => auto.forecast({ ...request, ...hourLater }))
  const name = (what: string) => `${what}, context ${context}`
  return [
    row(
      name('chronos-embedded'),
      count / alone / cores,
      'series/s/core',
      quick || context > 512 ? undefined : '>= 400',
    ),
    row(name('auto, first run'), count / first / cores, 'series/s/core'),
    row(name('auto, with records'), count / later / cores, 'series/s/core'),
    row(name('auto, with records, of chronos-embedded'), later / alone, 'times'),
  ]
}
