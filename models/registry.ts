import { chronosForecaster } from './chronos/chronos-forecaster.ts'
import { AppError } from './errors.ts'
import type { Forecaster } from './forecaster.ts'
import { seasonalNaive } from './seasonal-naive.ts'

/** Makes a forecaster when it is first asked for. A heavy one loads its weights at its first forecast, not before. */
export type ForecasterFactory = () => Forecaster

/** Every model that a mission may name: adding one is one file and one line. */
export const forecasterFactories: Readonly<Record<string, ForecasterFactory>> = {
  'seasonal-naive': seasonalNaive,
}

/** Whether a model is named by a folder: `./models/mine`, `../mine`, `/models/mine`, `C:\\models\\mine`. */
export function isModelPath(name: string): boolean {
  return /^(?:\.{0,2}\/|[a-z]:[\\/])./i.test(name)
}

export interface ForecasterRegistry {
  /** Those without folders. */
  readonly names: readonly string[]
  /**
   * The same forecaster every time. A path is the folder of a Chronos checkpoint.
   * @throws MODEL_UNKNOWN naming the model and what there is. @throws MODEL_INVALID naming the file.
   */
  get(name: string): Forecaster
  /** Closes what was made. */
  close(): Promise<void>
}

export function createForecasters(factories = forecasterFactories): ForecasterRegistry {
  const names = Object.keys(factories).sort()
  const made = new Map<string, Forecaster>()
  return {
    names,
    get(name) {
      const factory = Object.hasOwn(factories, name) ? factories[name] : factoryOf(name)
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
      made.clear()
    },
  }
}

function factoryOf(name: string): ForecasterFactory | undefined {
  return isModelPath(name) ? () => chronosForecaster({ folder: name }) : undefined
}
