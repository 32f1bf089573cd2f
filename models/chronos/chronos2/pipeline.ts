import type { Chronos2Config } from '../checkpoint/config.ts'
import { type Batch, planBatches } from '../pipeline/batches.ts'
import { type Block, joinBlocks, type RunGraph } from '../pipeline/blocks.ts'
import { patchCount, writeTimes, writeValues } from '../pipeline/patches.ts'
import { prepareRow, type Row } from '../pipeline/row.ts'
import { type Group, type Task, type TaskRow, taskRows } from './tasks.ts'
import { continuePaths, type Paths, reducePaths, startPaths } from './unroll.ts'

export interface Chronos2Model {
  readonly config: Chronos2Config
  /** The graph whose rows are alone. */
  readonly solo: RunGraph
  /** The graph whose rows see those of their group. */
  readonly grouped: RunGraph
}

export interface Chronos2Request {
  readonly tasks: readonly Task[]
  /** In steps. */
  readonly horizon: number
  /** Longest context used, in steps; at most the model's, which is the default. */
  readonly contextLength?: number
  /** All tasks of a batch see each other; results then depend on who is in it. */
  readonly crossLearning?: boolean
  /** Rows that are enough for a batch of tasks that see each other. */
  readonly batchSize?: number
  readonly signal?: AbortSignal | undefined
}

/** Forecasts the targets of each task, at the trained levels, as the real Chronos2Pipeline.predict does. */
export async function forecastChronos2(model: Chronos2Model, request: Chronos2Request): Promise<Block[][]> {
  const { config } = model
  const { tasks, horizon, contextLength = config.contextLength, signal } = request
  const rows = tasks.map((task) => taskRows(task, horizon))
  const groups = groupTasks(rows, request).map((group) =>
    group.map(({ context, future }) => ({ context: context.subarray(-contextLength), future })),
  )
  const passes = [await forecastPass(model, groups, { steps: stepsOfPass(config, horizon), signal })]
  let paths: Paths | undefined
  for (let done = stepsOfPass(config, horizon); done < horizon; ) {
    paths = continuePaths(paths ?? startPaths(groups, config), passes.at(-1)!, config)
    const steps = stepsOfPass(config, horizon - done)
    passes.push(reducePaths(await forecastPass(model, paths.groups, { steps, signal }), paths, config))
    done += steps
  }
  const forecasts = groups.flatMap((group, g) =>
    group.map((_, row) =>
      joinBlocks(
        passes.map((pass) => pass[g]![row]!),
        config.quantiles.length,
        horizon,
      ),
    ),
  )
  return takeTargets(forecasts, tasks, rows)
}

function stepsOfPass({ patch, maxOutputPatches }: Chronos2Config, remaining: number): number {
  return Math.min(Math.ceil(remaining / patch), maxOutputPatches) * patch
}

function groupTasks(rows: readonly TaskRow[][], request: Chronos2Request): Group[] {
  const { crossLearning = false, batchSize = 256 } = request
  if (!crossLearning) return [...rows]
  const groups: TaskRow[][] = []
  for (const ofTask of rows) {
    const last = groups.at(-1)
    if (last && last.length < batchSize) last.push(...ofTask)
    else groups.push([...ofTask])
  }
  return groups
}

/** Covariates are forecast as well; nobody asked for that. */
function takeTargets(forecasts: readonly Block[], tasks: readonly Task[], rows: readonly TaskRow[][]): Block[][] {
  let start = 0
  return tasks.map(({ targets }, i) => {
    const first = start
    start += rows[i]!.length
    return forecasts.slice(first, first + targets.length)
  })
}

interface PassOptions {
  /** Whole patches. */
  readonly steps: number
  readonly signal: AbortSignal | undefined
}

type PreparedGroup = readonly (Row & Pick<TaskRow, 'future'>)[]

/** One pass of the network: a block for each row of each group. */
async function forecastPass(model: Chronos2Model, groups: readonly Group[], { steps, signal }: PassOptions) {
  const { patch } = model.config
  const made = groups.map((group) => new Array<Block>(group.length))
  const prepared = groups.map((group) => group.map(({ context, future }) => ({ ...prepareRow(context), future })))
  const shapeOf = (group: PreparedGroup) => {
    const patches = Math.max(...group.map(({ values }) => patchCount(values.length, patch)))
    return { patches, rows: group.length, tokens: patches + 1 + steps / patch }
  }
  for (const batch of planBatches(prepared, shapeOf)) {
    signal?.throwIfAborted()
    const feeds = chronos2Feeds(batch, steps, model.config)
    const groupSize = { values: BigInt64Array.of(BigInt(batch.rows)), shape: [1] }
    const output = await (batch.rows === 1 ? model.solo(feeds) : model.grouped({ ...feeds, groupSize }))
    const size = output.length / (batch.entries.length * batch.rows)
    for (const [i, group] of batch.entries.entries()) {
      for (const [row, scaling] of group.entries()) {
        const start = (i * batch.rows + row) * size
        made[batch.indices[i]!]![row] = toBlock(output.subarray(start, start + size), scaling, model.config)
      }
    }
  }
  return made
}

function toBlock(output: Float32Array, { loc, scale }: Row, { usesArcsinh }: Chronos2Config): Block {
  return Float64Array.from(output, (value) => (usesArcsinh ? Math.sinh(value) : value) * scale + loc)
}

function chronos2Feeds({ entries, patches, rows }: Batch<PreparedGroup>, steps: number, config: Chronos2Config) {
  const { patch, timeScale } = config
  const batch = entries.length * rows
  const futurePatches = steps / patch
  const [contextSize, futureSize] = [patches * 3 * patch, futurePatches * 3 * patch]
  const context = new Float32Array(batch * contextSize)
  const future = new Float32Array(batch * futureSize)
  const mask = new Float32Array(batch * patches)
  const placed = config.usesArcsinh ? { transform: Math.asinh } : {}
  for (const [i, row] of entries.flat().entries()) {
    const past = {
      features: context.subarray(i * contextSize, (i + 1) * contextSize),
      mask: mask.subarray(i * patches, (i + 1) * patches),
      ...{ patch, patches },
    }
    writeTimes(past, -patches * patch, timeScale)
    writeValues(past, row.values, row, { offset: patches * patch - row.values.length, ...placed })
    const ahead = { features: future.subarray(i * futureSize, (i + 1) * futureSize), patch, patches: futurePatches }
    writeTimes(ahead, 0, timeScale)
    writeValues(ahead, row.future.subarray(0, steps), row, { offset: 0, ...placed })
  }
  return {
    context: { values: context, shape: [batch, patches, 3 * patch] },
    future: { values: future, shape: [batch, futurePatches, 3 * patch] },
    mask: { values: mask, shape: [batch, patches] },
  }
}
