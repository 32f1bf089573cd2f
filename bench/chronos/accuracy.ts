import type { Precision } from '../../models/chronos/onnx/graph-builder.ts'
import { embeddedWeights } from '../../models/embedded/embedded-forecaster.ts'
import type { Forecast } from '../../models/forecaster.ts'
import { type BenchRow, row } from '../report.ts'
import { benchSeries } from './series.ts'
import { horizon } from './shapes.ts'
import { withForecaster } from './throughput.ts'

const levels = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]

/** How much of its accuracy a trained model loses in int8. */
export async function accuracyRows(cores: number, seriesCount: number): Promise<BenchRow[]> {
  const name = 'int8: change of the mean pinball loss'
  // trained weights: random ones tell nothing about accuracy
  const folder = embeddedWeights()
  const context = 1_024
  const series = benchSeries(seriesCount, context + horizon)
  const lossOf = async (precision: Precision) => {
    const contexts = series.map((values) => values.subarray(0, context))
    const forecasts = await withForecaster(folder, { cores, precision }, (forecaster) =>
      forecaster.forecast({ contexts, endMs: 0, stepMs: 1, horizon, levels }),
    )
    return pinball(forecasts, series)
  }
  const [exact, quantised] = [await lossOf('float32'), await lossOf('int8')]
  return [row(name, (quantised / exact - 1) * 100, '%', '<= 1')]
}

function pinball(forecasts: readonly Forecast[], series: readonly Float64Array[]): number {
  let sum = 0
  for (const [i, { quantiles }] of forecasts.entries()) {
    const actual = series[i]!.subarray(-horizon)
    for (const [l, level] of levels.entries()) {
      for (const [step, value] of actual.entries()) {
        const gap = value - quantiles[l * horizon + step]!
        sum += Math.max(level * gap, (level - 1) * gap)
      }
    }
  }
  return sum / (forecasts.length * levels.length * horizon)
}
