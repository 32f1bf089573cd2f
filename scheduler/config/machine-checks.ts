import { statSync } from 'node:fs'
import { forecasterFactories } from '../../models/registry.ts'
import { openCatalog } from '../model-store/model-catalog.ts'
import { catalogOptions } from '../model-store/store-settings.ts'
import { configSchema } from './schema.ts'
import type { Finding } from './zod-problems.ts'

/**
 * What the configuration names and this machine does not have. For who checks before a start: a process starts all the
 * same, since a model may still be pulled and a folder mounted.
 */
export function machineFindings(tree: unknown): Finding[] {
  const { missionsDir, defaults, models, apiKeys, tokens } = Object(tree) as Readonly<Record<string, unknown>>
  return [...missingModels(Object(defaults), { models, apiKeys, tokens }), ...missingFolder('missionsDir', missionsDir)]
}

function missingModels(
  defaults: Readonly<Record<string, unknown>>,
  settings: { readonly models: unknown; readonly apiKeys: unknown; readonly tokens: unknown },
): Finding[] {
  const models = configSchema.shape.models.safeParse(settings.models)
  const apiKeys = configSchema.shape.apiKeys.safeParse(settings.apiKeys)
  const tokens = configSchema.shape.tokens.safeParse(settings.tokens)
  // told already, and which models there are follows from them
  if (!models.success || !apiKeys.success || !tokens.success) return []
  const parts = { models: models.data, apiKeys: apiKeys.data, tokens: tokens.data }
  const options = catalogOptions(parts, Object.keys(forecasterFactories))
  const catalog = openCatalog(options)
  return ['model', 'fallback'].flatMap((setting) => {
    const name = defaults[setting]
    const detail = typeof name === 'string' ? catalog.problem(name) : undefined
    return detail === undefined ? [] : [{ path: ['defaults', setting], detail }]
  })
}

function missingFolder(setting: string, folder: unknown): Finding[] {
  if (typeof folder !== 'string') return []
  const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory()
  return isFolder ? [] : [{ path: [setting], detail: `${folder} is no folder on this machine` }]
}
