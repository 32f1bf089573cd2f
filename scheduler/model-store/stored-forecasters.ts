import type { ForecasterRegistry } from '../../models/registry.ts'
import type { Forecasters } from '../../tasks/deps.ts'
import type { ModelCatalog } from './model-catalog.ts'

/** The registry's models, and those of the store by their names: a new revision is taken up at the next forecast. */
export function storedForecasters(
  registry: Pick<ForecasterRegistry, 'names' | 'get'>,
  catalog: Pick<ModelCatalog, 'folderOf'>,
): Forecasters {
  const { names } = registry
  return { names, get: (name) => registry.get(names.includes(name) ? name : catalog.folderOf(name)) }
}
