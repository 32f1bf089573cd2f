import type { Precision } from '../../models/chronos/onnx/graph-builder.ts'
import { embeddedWeights } from '../../models/embedded/embedded-forecaster.ts'
import type { Forecast } from '../../models/forecaster.ts'
import { pinballLoss } from '../../models/pinball-loss.ts'
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
    return meanLoss(forecasts, series)
  }
  const [exact, quantised] = [await lossOf('float32'), await lossOf('int8')]
  return [row(name, (quantised / exact - 1) * 100, '%', '<= 1')]
}

function meanLoss(forecasts: readonly Forecast[], series: readonly Float64Array[]): number {
  const losses = forecasts.map((forecast, i) =>
    pinballLoss({ ...forecast, steps: horizon }, series[i]!.subarray(-horizon)),
  )
  return losses.reduce((sum, { mean }) => sum + mean, 0) / losses.length
}
