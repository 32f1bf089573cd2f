import { setImmediate as nextTurn } from 'node:timers/promises'
import { AppError } from '../errors.ts'
import type { Forecast, Forecaster, ForecastRequest } from '../forecaster.ts'
import { forecastBolt } from './bolt/pipeline.ts'
import { forecastChronos2 } from './chronos2/pipeline.ts'
import { createInference, type Inference } from './inference/inference.ts'
import { jointTasks } from './joint-tasks.ts'
import { type ChronosModel, openModel } from './open-model.ts'
import type { Block } from './pipeline/blocks.ts'
import { interpolateLevels, sortLevels } from './pipeline/quantile-levels.ts'

export interface ChronosOptions {
  /** Holds config.json and model.safetensors in the official layout. */
  readonly folder: string
  /** What missions call it; default: the folder. */
  readonly name?: string
  /** Longest context used, in steps: default 2,048, at most the model's. Time and memory grow with it. */
  readonly maxContext?: number
  /** Cores and memory, shared with other models; default: those of the machine. */
  readonly inference?: Inference
}

const defaultMaxContext = 2_048
// fewer values than this are no pattern: upstream reports absurd quantiles for them
const minContext = 3
// some milliseconds of work; the thread that calls has others to serve
const seriesPerTurn = 64

/**
 * Chronos-Bolt or Chronos-2 from an official checkpoint, in batches shared by all who ask at the moment. Each series is
 * forecast by itself; Chronos-2 also with its covariates, and with those of its group. Weights are loaded at the first
 * forecast, in threads of their own. A series without values has no forecast, and one that never changed is forecast as
 * that: the network would give it a band of 1e-5, whatever its unit.
 * @throws MODEL_INVALID naming the file, and the field or tensor; MODEL_TOO_LARGE with the sum.
 */
export function chronosForecaster(options: ChronosOptions): Forecaster {
  const { folder, name = folder, inference = createInference() } = options
  const model = openModel(folder, inference, name)
  const { config } = model
  const maxContext = Math.min(options.maxContext ?? defaultMaxContext, config.contextLength)
  return {
    ...{ name, minContext, maxContext, takesCovariates: config.family === 'chronos2' && config.takesCovariates },
    async forecast(request, signal) {
      signal?.throwIfAborted()
      const { contexts, horizon, levels } = request
      const constants = contexts.map((context) => constantOf(context.subarray(-maxContext)))
      const lively = [...contexts.keys()].filter((row) => constants[row] === undefined)
      const blocks = lively.length > 0 ? await forecastRows(model, { request, rows: lively, maxContext, signal }) : []
      // of a single series it may be its values; then the others are forecast all the same
      if (lively.length > 0 && lively.every((row) => !blocks[row]!.every(Number.isFinite)))
        throw new AppError('MODEL_FAILED', `${folder}: its network forecasts no numbers: the weights may be damaged`)
      const forecasts: Forecast[] = []
      let next = 0
      for (const [row, constant] of constants.entries()) {
        const isLively = constant === undefined
        if (isLively && next++ % seriesPerTurn === 0) await nextTurn()
        forecasts.push(
          isLively ? toForecast(blocks[row]!, config.quantiles, levels) : constantForecast(constant, horizon, levels),
        )
      }
      return forecasts
    },
    close: () => model.close(),
  }
}

interface RowsRequest {
  readonly request: ForecastRequest
  /** Contexts to forecast, by index; others are left out of their groups. */
  readonly rows: readonly number[]
  readonly maxContext: number
  readonly signal: AbortSignal | undefined
}

/** Blocks by index of the context. */
async function forecastRows(
  { config, solo, grouped }: ChronosModel,
  { request, rows, maxContext, signal }: RowsRequest,
): Promise<Block[]> {
  const { horizon } = request
  const made = new Array<Block>(request.contexts.length)
  if (config.family === 'bolt') {
    const contexts = rows.map((row) => request.contexts[row]!.subarray(-maxContext))
    const blocks = await forecastBolt({ config, run: solo }, { contexts, horizon, signal })
    for (const [i, row] of rows.entries()) made[row] = blocks[i]!
    return made
  }
  const { covariates, groups, ...alone } = request
  const joint = jointTasks(config.takesCovariates ? request : alone, rows)
  const tasks = joint.map(({ task }) => task)
  const options = { tasks, horizon, contextLength: maxContext, signal }
  const blocks = await forecastChronos2({ config, solo, grouped }, options)
  for (const [t, { members }] of joint.entries()) {
    for (const [i, row] of members.entries()) made[row] = blocks[t]![i]!
  }
  return made
}

/** The one finite value that there is; NaN where there is none, undefined where there are several. */
function constantOf(values: Float64Array): number | undefined {
  let constant = Number.NaN
  for (const value of values) {
    if (!Number.isFinite(value) || value === constant) continue
    if (!Number.isNaN(constant)) return undefined
    constant = value
  }
  return constant
}

function constantForecast(value: number, horizon: number, levels: readonly number[]): Forecast {
  return {
    levels,
    quantiles: new Float64Array(levels.length * horizon).fill(value),
    median: new Float64Array(horizon).fill(value),
  }
}

function toForecast(block: Block, trained: readonly number[], levels: readonly number[]): Forecast {
  const sorted = sortLevels(block, trained.length)
  return {
    levels,
    quantiles: interpolateLevels(sorted, trained, levels),
    median: interpolateLevels(sorted, trained, [0.5]),
  }
}
