import { AppError } from '../../../models/errors.ts'
import { type Config, loadConfig } from '../../config.ts'
import type { InstalledModel } from '../../model-store/installed-models.ts'
import { findModel } from '../../model-store/model-catalog.ts'
import { parseModelName, shortName } from '../../model-store/model-name.ts'
import { modelsDir } from '../../model-store/store-settings.ts'
import type { Io } from '../command.ts'
import { configOptions } from '../config.ts'

/** Options of every command on the store. */
export const storeOptions = {
  dir: { type: 'string', value: 'DIR', help: 'the store; default models.dir (AT_MODELS_DIR)' },
  ...configOptions,
} as const

export interface Store {
  /** Absolute. */
  readonly dir: string
  /** Names the same store. */
  readonly config: Config
}

export function openStore(
  { dir, config: file }: { readonly dir: string | undefined; readonly config: string | undefined },
  { environment }: Io,
): Store {
  const config = loadConfig({ file, environment })
  const models = dir === undefined ? config.models : { ...config.models, dir }
  const found = modelsDir({ models }, environment)
  return { config: { ...config, models: { ...models, dir: found } }, dir: found }
}

/** @throws MODEL_MISSING naming the store. */
export function installedModel({ dir }: Store, text: string): InstalledModel {
  const found = findModel(dir, parseModelName(text))
  if (found) return found
  throw new AppError('MODEL_MISSING', `model "${text}" is not installed in ${dir}; see anomaly-times models list`)
}

/** As a mission would write it. */
export function titleOf({ id, revision, isCurrent }: InstalledModel): string {
  return isCurrent || revision === undefined ? shortName(id) : `${shortName(id)}@${revision.slice(0, 12)}`
}

/** `34.6 MB`, in powers of ten as download sizes are told. */
export function formatBytes(bytes: number): string {
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(0)} kB`
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`
}
