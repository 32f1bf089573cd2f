import { chronosForecaster } from './chronos/chronos-forecaster.ts'
import { createInference, type InferenceOptions } from './chronos/inference/inference.ts'
import { AppError } from './errors.ts'
import type { Forecaster } from './forecaster.ts'
import { rollingQuantiles } from './rolling-quantiles.ts'
import { seasonalNaive } from './seasonal-naive.ts'
import { theta } from './theta.ts'

/** Makes a forecaster when it is first asked for. A heavy one loads its weights at its first forecast, not before. */
export type ForecasterFactory = () => Forecaster

/** Every model that a mission may name: adding one is one file and one line. */
export const forecasterFactories: Readonly<Record<string, ForecasterFactory>> = {
  'rolling-quantiles': rollingQuantiles,
  'seasonal-naive': seasonalNaive,
  theta,
}

/** Whether a model is named by a folder: `./models/mine`, `../mine`, `/models/mine`, `C:\\models\\mine`. */
export function isModelPath(name: string): boolean {
  return /^(?:\.{0,2}\/|[a-z]:[\\/])./i.test(name)
}

export interface ForecasterRegistry {
  /** Series that wait for a network. */
  readonly waiting: number
  /** Those without folders. */
  readonly names: readonly string[]
  /**
   * The same forecaster every time. A path is the folder of a Chronos checkpoint.
   * @throws MODEL_UNKNOWN naming the model and what there is. @throws MODEL_INVALID naming the file. @throws MODEL_TOO_LARGE.
   */
  get(name: string): Forecaster
  /** Closes what was made. */
  close(): Promise<void>
}

export function createForecasters(
  factories = forecasterFactories,
  inferenceOptions: InferenceOptions = {},
): ForecasterRegistry {
  const names = Object.keys(factories).sort()
  const inference = createInference(inferenceOptions)
  const factoryOf = (name: string): ForecasterFactory | undefined => {
    if (Object.hasOwn(factories, name)) return factories[name]
    return isModelPath(name) ? () => chronosForecaster({ folder: name, inference }) : undefined
  }
  const made = new Map<string, Forecaster>()
  return {
    names,
    get waiting() {
      return inference.waiting
    },
    get(name) {
      const factory = factoryOf(name)
      if (!factory)
        throw new AppError(
          'MODEL_UNKNOWN',
          `there is no model "${name}"; there is ${names.join(', ')}, and any path of a folder`,
        )
      const forecaster = made.get(name) ?? factory()
      made.set(name, forecaster)
      return forecaster
    },
    async close() {
      await Promise.all([...made.values()].map((forecaster) => forecaster.close()))
      await inference.close()
      made.clear()
    },
  }
}
