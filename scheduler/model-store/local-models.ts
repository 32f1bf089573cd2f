import { createForecasters } from '../../models/registry.ts'
import type { Forecasters } from '../../tasks/deps.ts'
import type { Config } from '../config.ts'
import { inferenceOptions } from '../inference/settings.ts'
import { type ModelCatalog, openCatalog } from './model-catalog.ts'
import { catalogOptions } from './store-settings.ts'
import { storedForecasters } from './stored-forecasters.ts'

export interface LocalModels {
  readonly catalog: ModelCatalog
  readonly forecasters: Forecasters
  close(): Promise<void>
}

/** Models of a command that forecasts by itself: who starts this process may read what it reads. */
export function openLocalModels(config: Config): LocalModels {
  const registry = createForecasters(undefined, inferenceOptions(config.inference))
  const catalog = openCatalog({ ...catalogOptions(config, registry.names), folders: undefined, isElsewhere: false })
  return { catalog, forecasters: storedForecasters(registry, catalog), close: () => registry.close() }
}
