import { AppError } from './errors.ts'
import type { Forecaster } from './forecaster.ts'
import { seasonalNaive } from './seasonal-naive.ts'

/** Makes a forecaster when it is first asked for. A heavy one loads its weights at its first forecast, not before. */
export type ForecasterFactory = () => Forecaster

/** Every model that a mission may name: adding one is one file and one line. */
export const forecasterFactories: Readonly<Record<string, ForecasterFactory>> = {
  'seasonal-naive': seasonalNaive,
}

export interface ForecasterRegistry {
  readonly names: readonly string[]
  /** The same forecaster every time. @throws MODEL_UNKNOWN naming the model and what there is. */
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
      const factory = Object.hasOwn(factories, name) ? factories[name] : undefined
      if (!factory) throw new AppError('MODEL_UNKNOWN', `there is no model "${name}"; there is ${names.join(', ')}`)
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
