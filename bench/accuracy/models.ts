import { createForecasters, forecasterFactories } from '../../models/registry.ts'
import { loadConfig } from '../../scheduler/config.ts'
import { openCatalog } from '../../scheduler/model-store/model-catalog.ts'
import { catalogOptions } from '../../scheduler/model-store/store-settings.ts'
import { storedForecasters } from '../../scheduler/model-store/stored-forecasters.ts'
import type { Forecasters } from '../../tasks/deps.ts'
import { ets, mstl } from './augurs.ts'

export interface ComparedModels {
  /** Those of the registry. */
  readonly builtIn: readonly string[]
  /** By name also those of augurs and of the model store, and the paths of checkpoints. */
  readonly forecasters: Forecasters
  close(): Promise<void>
}

export function openModels(): ComparedModels {
  const registry = createForecasters({ ...forecasterFactories, ets, mstl })
  const options = catalogOptions(loadConfig(), registry.names)
  // who starts a bench may read what it reads
  const catalog = openCatalog({ ...options, allowed: undefined, folders: undefined, isElsewhere: false })
  return {
    builtIn: Object.keys(forecasterFactories),
    forecasters: storedForecasters(registry, catalog),
    close: () => registry.close(),
  }
}
