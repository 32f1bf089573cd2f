import type { ForecasterRegistry } from '../../models/registry.ts'
import type { Forecasters } from '../../tasks/deps.ts'
import type { ModelCatalog } from './model-catalog.ts'

/** The registry's models, and those of the store by their names: a new revision is taken up at the next forecast. */
export function storedForecasters(
  registry: Pick<ForecasterRegistry, 'names' | 'get'>,
  catalog: Pick<ModelCatalog, 'locate'>,
): Forecasters {
  const { names } = registry
  return {
    names,
    get(name) {
      if (names.includes(name)) return registry.get(name)
      const { folder, revision } = catalog.locate(name)
      const forecaster = registry.get(folder)
      return revision === undefined ? forecaster : { ...forecaster, name, revision }
    },
  }
}
