import { byTurns } from '../../by-turns.ts'
import type { Chronos2Config } from '../checkpoint/config.ts'
import { type Block, joinBlocks, mapOutput } from '../pipeline/blocks.ts'
import type { Entry, Feeds, RunEntries } from '../pipeline/entry.ts'
import { patchCount, writeTimes, writeValues } from '../pipeline/patches.ts'
import { fromFirstValue, prepareRow, type Row } from '../pipeline/row.ts'
import { type Group, type Task, type TaskRow, taskRows } from './tasks.ts'
import { continuePaths, type Paths, reducePaths, startPaths } from './unroll.ts'

export interface Chronos2Model {
  readonly config: Chronos2Config
  /** The graph whose rows are alone. */
  readonly solo: RunEntries
  /** The graph whose rows see those of their group. */
  readonly grouped: RunEntries
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

/** One pass of the network: a block for each row of each group. */
async function forecastPass(
  { config, solo, grouped }: Chronos2Model,
  groups: readonly Group[],
  { steps, signal }: PassOptions,
): Promise<Block[][]> {
  const made = new Array<Block[]>(groups.length)
  const entries = groups.map((group, i) =>
    groupEntry(group, { config, steps }, (blocks) => {
      made[i] = blocks
    }),
  )
  const isAlone = (_: Entry, i: number) => groups[i]!.length === 1
  const inGroups = entries.filter((entry, i) => !isAlone(entry, i))
  await Promise.all([solo(entries.filter(isAlone), signal), grouped(inGroups, signal)])
  return made
}

type PreparedRow = Row & Pick<TaskRow, 'future'>

function groupEntry(
  group: Group,
  { config, steps }: { readonly config: Chronos2Config; readonly steps: number },
  done: (blocks: Block[]) => void,
): Entry {
  const { patch } = config
  const patches = Math.max(...group.map(({ context }) => patchCount(fromFirstValue(context).length, patch)))
  let rows: readonly PreparedRow[]
  return {
    key: `${patches}+${steps / patch} x ${group.length}`,
    tokens: group.length * (patches + 1 + steps / patch),
    async feeds() {
      const prepared: PreparedRow[] = []
      for await (const { context, future } of byTurns(group, rowsPerTurn))
        prepared.push({ ...prepareRow(context), future })
      rows = prepared
      return chronos2Feeds(rows, { patches, steps, config })
    },
    ...(group.length > 1 && {
      constants: () => ({ groupSize: { values: BigInt64Array.of(BigInt(group.length)), shape: [1] } }),
    }),
    take(output) {
      const size = output.length / rows.length
      done(rows.map((row, i) => toBlock(output.subarray(i * size, (i + 1) * size), row, config)))
    },
  }
}

function toBlock(output: Float32Array, { loc, scale }: Row, { usesArcsinh }: Chronos2Config): Block {
  return mapOutput(output, (value) => (usesArcsinh ? Math.sinh(value) : value) * scale + loc)
}

interface FeedShape {
  readonly patches: number
  readonly steps: number
  readonly config: Chronos2Config
}

// some milliseconds of work; the thread has others to serve, and a group may have a hundred
const rowsPerTurn = 16

async function chronos2Feeds(rows: readonly PreparedRow[], { patches, steps, config }: FeedShape): Promise<Feeds> {
  const { patch, timeScale } = config
  const batch = rows.length
  const futurePatches = steps / patch
  const [contextSize, futureSize] = [patches * 3 * patch, futurePatches * 3 * patch]
  const context = new Float32Array(batch * contextSize)
  const future = new Float32Array(batch * futureSize)
  const mask = new Float32Array(batch * patches)
  const placed = config.usesArcsinh ? { transform: Math.asinh } : {}
  for await (const [i, row] of byTurns(rows.entries(), rowsPerTurn)) {
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
