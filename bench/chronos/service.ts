import { monitorEventLoopDelay } from 'node:perf_hooks'
import { type BenchRow, row } from '../report.ts'
import { benchSeries } from './series.ts'
import { forecastAll, secondsOf, withForecaster } from './throughput.ts'

export interface ServiceStage {
  readonly folder: string
  readonly name: string
  readonly cores: number
  readonly seriesCount: number
  readonly aims: boolean
}

/** Many missions of one series beside one of many, and what the main thread of a worker feels of it. */
export function serviceRows({ folder, name, cores, seriesCount, aims }: ServiceStage): Promise<BenchRow[]> {
  const contexts = benchSeries(seriesCount, 512)
  return withForecaster(folder, { cores }, async (forecaster) => {
    const together = () => secondsOf(() => forecastAll(forecaster, contexts))
    const apart = () => secondsOf(() => Promise.all(contexts.map((context) => forecastAll(forecaster, [context]))))
    await together()
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    const one: number[] = []
    const many: number[] = []
    // by turns, so that what disturbs one disturbs the other
    for (let i = 0; i < 3; i++) {
      one.push(await together())
      many.push(await apart())
    }
    delay.disable()
    const best = { one: Math.min(...one), many: Math.min(...many) }
    const count = seriesCount.toLocaleString('en-US')
    return [
      row(`${name}, context 512: one mission of ${count} series`, seriesCount / best.one, 'series/s'),
      row(`${name}, context 512: ${count} missions of one`, seriesCount / best.many, 'series/s'),
      row('many missions, of the time of one', best.many / best.one, 'times', aims ? '<= 1.3' : undefined),
      row('event-loop delay while it infers, p99', delay.percentile(99) / 1e6, 'ms', '< 20'),
    ]
  })
}
