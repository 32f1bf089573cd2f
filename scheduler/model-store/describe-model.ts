import { statSync } from 'node:fs'
import { openCheckpoint } from '../../models/chronos/checkpoint/open-checkpoint.ts'
import { toAppError } from '../../models/errors.ts'

/** What the headers of a model say, or why they say nothing. */
export interface ModelFacts {
  readonly family?: 'Chronos-Bolt' | 'Chronos-2'
  readonly parameters?: number
  /** Of the weights. */
  readonly bytes?: number
  readonly contextLength?: number
  /** Steps that one pass forecasts. */
  readonly predictionLength?: number
  readonly quantiles?: readonly number[]
  readonly problem?: string
}

export function describeModel(folder: string): ModelFacts {
  try {
    const { config, tensors, weightsPath } = openCheckpoint(folder)
    const isBolt = config.family === 'bolt'
    return {
      family: isBolt ? 'Chronos-Bolt' : 'Chronos-2',
      parameters: [...tensors.values()].reduce(
        (sum, { shape }) => sum + shape.reduce((size, length) => size * length, 1),
        0,
      ),
      bytes: statSync(weightsPath).size,
      contextLength: config.contextLength,
      predictionLength: isBolt ? config.predictionLength : config.maxOutputPatches * config.patch,
      quantiles: config.quantiles,
    }
  } catch (error) {
    return { problem: toAppError(error).message }
  }
}
