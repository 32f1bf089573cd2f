import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Config } from '../config.ts'
import type { CatalogOptions } from './model-catalog.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Absolute: the configured one, else `anomaly-times/models` where the user's data lies. */
export function modelsDir({ models }: Pick<Config, 'models'>, environment: Environment = process.env): string {
  const userData = environment.XDG_DATA_HOME || join(homedir(), '.local', 'share')
  return resolve(models.dir ?? join(userData, 'anomaly-times', 'models'))
}

/** What missions may name. Without API keys and tokens whoever reaches the API is the operator, who may name any folder. */
export function catalogOptions(
  config: Pick<Config, 'models' | 'apiKeys' | 'tokens'>,
  builtIn: readonly string[],
): CatalogOptions {
  const { allowed, folders, onWorkersOnly } = config.models
  return {
    ...{ dir: modelsDir(config), allowed, builtIn, isElsewhere: onWorkersOnly },
    folders: folders ?? (config.apiKeys.length > 0 || config.tokens ? [] : undefined),
  }
}

/** Where to pull from; the variables are those of Hugging Face's own client. */
export function hubSettings({ models }: Pick<Config, 'models'>, { HF_ENDPOINT, HF_TOKEN }: Environment) {
  return {
    endpoint: models.endpoint ?? (HF_ENDPOINT || 'https://huggingface.co'),
    token: models.token ?? (HF_TOKEN || undefined),
  }
}
