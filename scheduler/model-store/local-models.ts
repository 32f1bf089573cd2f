import type { ForecasterRegistry } from '../../models/registry.ts'
import type { Config } from '../config.ts'
import { openCatalog } from './model-catalog.ts'
import { catalogOptions } from './store-settings.ts'
import { storedForecasters } from './stored-forecasters.ts'

/** Models of a command that forecasts by itself: who starts this process may read what it reads. */
export function localModels(config: Config, registry: Pick<ForecasterRegistry, 'names' | 'get'>) {
  const catalog = openCatalog({ ...catalogOptions(config, registry.names), folders: undefined, isElsewhere: false })
  return { catalog, forecasters: storedForecasters(registry, catalog) }
}
