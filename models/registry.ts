import { autoForecaster } from './auto/auto-forecaster.ts'
import { chronosForecaster } from './chronos/chronos-forecaster.ts'
import { createInference, type Inference, type InferenceOptions } from './chronos/inference/inference.ts'
import { embeddedForecaster } from './embedded/embedded-forecaster.ts'
import { AppError } from './errors.ts'
import type { Forecaster } from './forecaster.ts'
import { rollingQuantiles } from './rolling-quantiles.ts'
import { seasonalNaive } from './seasonal-naive.ts'
import { theta } from './theta.ts'

/** What forecasters are made of. */
export interface ForecasterParts {
  /** Cores and memory of the process, shared by all networks. */
  readonly inference: Inference
  /** Another forecaster of the registry, which closes it. */
  get(name: string): Forecaster
}

/** Makes a forecaster when it is first asked for. A heavy one loads its weights at its first forecast, not before. */
export type ForecasterFactory = (parts: ForecasterParts) => Forecaster

/** Every model that a mission may name: adding one is one file and one line. */
export const forecasterFactories: Readonly<Record<string, ForecasterFactory>> = {
  auto: ({ get }) =>
    autoForecaster({
      model: get('chronos-embedded'),
      others: [get('seasonal-naive'), get('theta'), get('rolling-quantiles')],
    }),
  'chronos-embedded': ({ inference }) => embeddedForecaster(inference),
  'rolling-quantiles': () => rollingQuantiles(),
  'seasonal-naive': () => seasonalNaive(),
  theta: () => theta(),
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
  const get = (name: string): Forecaster => {
    const factory = factoryOf(name)
    if (!factory)
      throw new AppError(
        'MODEL_UNKNOWN',
        `there is no model "${name}"; there is ${names.join(', ')}, and any path of a folder`,
      )
    const forecaster = made.get(name) ?? factory({ inference, get })
    made.set(name, forecaster)
    return forecaster
  }
  return {
    names,
    get waiting() {
      return inference.waiting
    },
    get,
    async close() {
      await Promise.all([...made.values()].map((forecaster) => forecaster.close()))
      await inference.close()
      made.clear()
    },
  }
}
