import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '../../errors.ts'
import { type ChronosConfig, parseConfig } from './config.ts'
import { explainLacking, unmergedAdapter } from './explain-lacking.ts'
import { requiredTensors } from './layout.ts'
import { readSafetensors, type Tensors } from './safetensors.ts'

/** A checked checkpoint in the official layout; its weights stay in the file. */
export interface Checkpoint {
  readonly config: ChronosConfig
  /** Real path of model.safetensors: a hub's cache has links there. */
  readonly weightsPath: string
  readonly tensors: Tensors
}

const configName = 'config.json'
const weightsName = 'model.safetensors'

/**
 * Reads and checks config.json and the header of model.safetensors: some 20 kB, so it may be done on any thread.
 * @throws MODEL_MISSING without such a folder; MODEL_INVALID naming the file, and the field or tensor.
 */
export function openCheckpoint(folder: string): Checkpoint {
  const config = readConfig(folder)
  const weightsPath = findWeights(folder)
  const tensors = readSafetensors(weightsPath)
  checkTensors(tensors, config, weightsPath)
  return { config, weightsPath, tensors }
}

/** What config.json alone says. @throws MODEL_MISSING, MODEL_INVALID naming the file, and the field. */
export function readConfig(folder: string): ChronosConfig {
  return parseConfig(readConfigFile(folder), join(folder, configName))
}

function readConfigFile(folder: string): string {
  try {
    return readFileSync(join(folder, configName), 'utf8')
  } catch (error) {
    if (!existsSync(folder)) throw new AppError('MODEL_MISSING', `${folder}: there is no such folder on this machine`)
    const hint = explainLacking(namesIn(folder))
    const problem = `${folder} is no checkpoint: ${configName} cannot be read${hint ? `; ${hint}` : ''}`
    throw new AppError('MODEL_INVALID', problem, { cause: error })
  }
}

function findWeights(folder: string): string {
  const path = join(folder, weightsName)
  if (existsSync(path)) return realpathSync(path)
  const hint = explainLacking(namesIn(folder)) ?? 'copy it there, or pull the model again'
  throw new AppError('MODEL_INVALID', `${path} is missing; ${hint}`)
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function checkTensors(tensors: Tensors, config: ChronosConfig, path: string): void {
  if ([...tensors.keys()].some((name) => name.includes('.lora_')))
    throw new AppError('MODEL_INVALID', `${path}: ${unmergedAdapter}`)
  const required = requiredTensors(config)
  // a network without its last blocks runs, and forecasts nonsense
  const blocks = new Set(Object.keys(required).map(blockOf))
  const surplus = [...tensors.keys()].find((name) => !blocks.has(blockOf(name)))
  if (surplus) throw new AppError('MODEL_INVALID', `${path}: by ${configName} there is no block of tensor "${surplus}"`)
  for (const [name, shape] of Object.entries(required)) {
    const found = tensors.get(name)
    if (!found) throw new AppError('MODEL_INVALID', `${path}: tensor "${name}" is missing`)
    if (found.shape.join() !== shape.join()) {
      throw new AppError(
        'MODEL_INVALID',
        `${path}: tensor "${name}" is [${found.shape}], ${configName} makes it [${shape}]`,
      )
    }
  }
}

const blockOf = (tensor: string): string | undefined => /^(?:en|de)coder\.block\.\d+\./.exec(tensor)?.[0]
