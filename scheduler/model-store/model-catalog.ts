import { existsSync, realpathSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import { readConfig } from '../../models/chronos/checkpoint/open-checkpoint.ts'
import { AppError, toAppError } from '../../models/errors.ts'
import { isModelPath } from '../../models/registry.ts'
import { didYouMean } from '../config/did-you-mean.ts'
import { findInstalled, type InstalledModel, listInstalled } from './installed-models.ts'
import { knownModels } from './known-models.ts'
import { fullId, type ModelName, shortName, tryParseModelName } from './model-name.ts'

export interface CatalogOptions {
  /** Folder of the store; need not be there. */
  readonly dir: string
  /** Models of the store that missions may name: `NAME`, `ORG/NAME` or `ORG/*`. undefined: all. */
  readonly allowed: readonly string[] | undefined
  /** Missions may name folders within these by path. undefined: any folder. */
  readonly folders: readonly string[] | undefined
  /** Models without files. */
  readonly builtIn: readonly string[]
  /** This machine has no models: it can only tell what is allowed. */
  readonly isElsewhere?: boolean
}

export interface ModelLocation {
  readonly folder: string
  /** undefined where nobody has recorded one. */
  readonly revision: string | undefined
}

/** Which folder a model's name means, and whether it may. */
export interface ModelCatalog {
  /** @throws MODEL_UNKNOWN, MODEL_MISSING or MODEL_FORBIDDEN, with what to do about it. */
  locate(name: string): ModelLocation
  /** Why a mission cannot name this model; undefined when it can. */
  problem(name: string): string | undefined
  /** What this machine sees amiss at a path that may be named: workers may have other folders. */
  warning(name: string): string | undefined
  /** Whether a model looks at covariates and groups; undefined when its files are not here to tell. */
  takesCovariates(name: string): boolean | undefined
}

// where models are on workers only, their names tell
const boltPrefix = 'amazon/chronos-bolt-'

/** Looks at the store each time, so that a model is there as soon as it is pulled. */
export function openCatalog(options: CatalogOptions): ModelCatalog {
  const locate = (name: string): ModelLocation =>
    isModelPath(name) ? { folder: folderAtPath(options, name), revision: undefined } : installedModel(options, name)
  return {
    locate,
    takesCovariates(name) {
      if (options.builtIn.includes(name)) return false
      try {
        const config = readConfig(locate(name).folder)
        return config.family === 'chronos2' && config.takesCovariates
      } catch {
        const id = fullId(tryParseModelName(name)?.id ?? name)
        return id.startsWith(boltPrefix) ? false : undefined
      }
    },
    warning(name) {
      if (!isModelPath(name) || options.isElsewhere) return undefined
      const lacking = whatLacks(options, name)
      return lacking && `${resolve(name)} is no model on this machine: ${lacking}; workers need it to be one`
    },
    problem(name) {
      if (options.builtIn.includes(name)) return undefined
      try {
        if (isModelPath(name)) assertAllowedPath(options, resolve(name))
        else if (options.isElsewhere) assertAllowedName(options, parse(options, name))
        else installedModel(options, name)
        return undefined
      } catch (error) {
        return toAppError(error).message
      }
    },
  }
}

const modelFiles = ['config.json', 'model.safetensors']

function whatLacks(options: CatalogOptions, path: string): string | undefined {
  try {
    const folder = folderAtPath(options, path)
    if (!existsSync(folder)) return 'there is no such folder'
    const lacking = modelFiles.filter((file) => !existsSync(join(folder, file)))
    return lacking.length === 0 ? undefined : `${lacking.join(' and ')} ${lacking.length === 1 ? 'is' : 'are'} missing`
  } catch (error) {
    return toAppError(error).message
  }
}

function folderAtPath(options: CatalogOptions, path: string): string {
  assertAllowedPath(options, resolve(path))
  if (!options.folders) return path
  // a link within an allowed folder may point out of it
  const real = realPath(path)
  assertAllowedPath({ folders: options.folders.map(realPath) }, real)
  return real
}

/** As it is where nothing lies there: opening it says so. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return resolve(path)
  }
}

function assertAllowedPath({ folders }: Pick<CatalogOptions, 'folders'>, path: string): void {
  if (!folders || folders.some((folder) => `${path}${sep}`.startsWith(withSeparator(resolve(folder))))) return
  const where = folders.length > 0 ? `folders within ${folders.join(', ')}` : 'no folder'
  throw new AppError(
    'MODEL_FORBIDDEN',
    `the path ${path} may not be used: missions may name ${where} (models.folders of the configuration)`,
  )
}

const withSeparator = (folder: string): string => (folder.endsWith(sep) ? folder : `${folder}${sep}`)

function installedModel(options: CatalogOptions, text: string): InstalledModel {
  const name = parse(options, text)
  assertAllowedName(options, name)
  const found = findModel(options.dir, name)
  if (found) return found
  throw new AppError('MODEL_MISSING', missing(options, text, name))
}

/** A folder copied under a short name goes before what that is short for. @throws what a damaged store throws. */
export function findModel(dir: string, name: ModelName): InstalledModel | undefined {
  return findInstalled(dir, name) ?? findInstalled(dir, { ...name, id: fullId(name.id) })
}

function parse(options: CatalogOptions, text: string): ModelName {
  const name = tryParseModelName(text)
  if (name) return name
  const told = [`"${text}" is no name of a model`, ...folderHint(options, text), inventory(options)]
  throw new AppError('MODEL_UNKNOWN', told.join('; '))
}

function assertAllowedName({ allowed }: CatalogOptions, { id }: ModelName): void {
  const isAllowed = (pattern: string) =>
    pattern.endsWith('/*') ? fullId(id).startsWith(pattern.slice(0, -1)) : fullId(pattern) === fullId(id)
  if (!allowed || allowed.some(isAllowed)) return
  throw new AppError(
    'MODEL_FORBIDDEN',
    `model "${id}" may not be used: models.allowed of the configuration has ${allowed.join(', ') || 'none'}`,
  )
}

function missing(options: CatalogOptions, text: string, { id }: ModelName): string {
  const revisions = listInstalled(options.dir)
    .filter((model) => model.id === id || model.id === fullId(id))
    .map(({ revision }) => revision?.slice(0, 12) ?? 'a copied folder')
  const isOnHub = id.includes('/') || fullId(id) !== id
  return [
    `model "${text}" is not installed`,
    ...folderHint(options, text),
    revisions.length > 0 ? `of it there is ${revisions.join(', ')}` : inventory(options),
    ...(isOnHub ? [`install it with: anomaly-times models pull ${text}`] : []),
  ]
    .join('; ')
    .concat(didYouMean(id, otherNames(options, id)))
}

/** Only where any folder may be named: what lies where is told nobody else. */
function folderHint({ folders }: CatalogOptions, text: string): string[] {
  return !folders && existsSync(join(text, 'config.json')) ? [`that is a folder: write ./${text}`] : []
}

function otherNames({ dir, builtIn }: CatalogOptions, id: string): string[] {
  const known = knownModels.flatMap((model) => [model.name, model.id])
  const names = [...builtIn, ...known, ...listInstalled(dir).map((model) => model.id)]
  return names.includes(id) ? [] : names
}

function inventory({ dir, builtIn }: CatalogOptions): string {
  const names = listInstalled(dir).filter(({ isCurrent }) => isCurrent)
  return `there is ${[...builtIn, ...names.map(({ id }) => shortName(id))].join(', ')}`
}
