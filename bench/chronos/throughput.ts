import { chronosForecaster } from '../../models/chronos/chronos-forecaster.ts'
import { createInference, type InferenceOptions } from '../../models/chronos/inference/inference.ts'
import type { Forecaster } from '../../models/forecaster.ts'
import { benchSeries } from './series.ts'
import { horizon } from './shapes.ts'

/** One forecaster by itself, its weights in memory. */
export async function withForecaster<T>(
  folder: string,
  options: InferenceOptions,
  use: (forecaster: Forecaster) => Promise<T>,
): Promise<T> {
  const inference = createInference(options)
  try {
    const forecaster = chronosForecaster({ folder, inference })
    // several batches, so that every copy is open
    await forecastAll(forecaster, benchSeries(64, 64))
    return await use(forecaster)
  } finally {
    await inference.close()
  }
}

export async function seriesPerSecond(forecaster: Forecaster, contexts: readonly Float64Array[]): Promise<number> {
  // a first round makes room in the arena for batches of this shape, and lets the engine compile what runs often
  await forecastAll(forecaster, contexts.slice(0, Math.max(64, contexts.length / 4)))
  const seconds = await secondsOf(() => forecastAll(forecaster, contexts))
  return contexts.length / seconds
}

export function forecastAll(forecaster: Forecaster, contexts: readonly Float64Array[]) {
  return forecaster.forecast({ contexts, endMs: 0, stepMs: 300_000, horizon, levels: [0.1, 0.5, 0.9] })
}

export async function secondsOf(run: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now()
  await run()
  return (performance.now() - startedMs) / 1_000
}
