import type { BoltConfig } from '../checkpoint/config.ts'
import { type Block, extend, joinBlocks, mapOutput, pathOf } from '../pipeline/blocks.ts'
import type { Entry, RunEntries } from '../pipeline/entry.ts'
import { patchCount, writeValues } from '../pipeline/patches.ts'
import { interpolateLevels, sortLevels } from '../pipeline/quantile-levels.ts'
import { fromFirstValue, prepareRow, type Row } from '../pipeline/row.ts'

export interface BoltModel {
  readonly config: BoltConfig
  readonly run: RunEntries
}

export interface BoltRequest {
  readonly contexts: readonly Float64Array[]
  /** In steps; beyond one pass of the network every further pass costs nine. */
  readonly horizon: number
  readonly signal?: AbortSignal | undefined
}

/** Forecasts each context by itself, at the trained levels, as the real ChronosBoltPipeline.predict does. */
export async function forecastBolt(model: BoltModel, { contexts, horizon, signal }: BoltRequest): Promise<Block[]> {
  const { predictionLength, quantiles, contextLength } = model.config
  const cut = contexts.map((context) => context.subarray(-contextLength))
  const blocks = [await forecastPass(model, cut, signal)]
  let paths = cut.map((context) => quantiles.map(() => context))
  while (blocks.length * predictionLength < horizon) {
    // every level goes on as a context of its own, then all that came of them is one distribution
    const last = blocks.at(-1)!
    paths = paths.map((ofRow, row) =>
      ofRow.map((path, level) => extend(path, pathOf(last[row]!, level, predictionLength), contextLength)),
    )
    const samples = await forecastPass(model, paths.flat(), signal)
    const levels = quantiles.length
    blocks.push(contexts.map((_, row) => reduceSamples(samples.slice(row * levels, (row + 1) * levels), quantiles)))
  }
  return contexts.map((_, row) =>
    joinBlocks(
      blocks.map((block) => block[row]!),
      quantiles.length,
      horizon,
    ),
  )
}

/** One pass of the network: `predictionLength` steps of each context. */
async function forecastPass(
  { config, run }: BoltModel,
  contexts: readonly Float64Array[],
  signal?: AbortSignal,
): Promise<Block[]> {
  const made = new Array<Block>(contexts.length)
  const entries = contexts.map((context, i) =>
    boltEntry(context, config, (block) => {
      made[i] = block
    }),
  )
  await run(entries, signal)
  return made
}

function boltEntry(context: Float64Array, { patch }: BoltConfig, done: (block: Block) => void): Entry {
  const patches = patchCount(fromFirstValue(context).length, patch)
  let row: Row
  return {
    key: `${patches}`,
    tokens: patches + 1,
    feeds() {
      row = prepareRow(context)
      return boltFeeds(row, patches, patch)
    },
    take: (output) => done(mapOutput(output, (value) => value * row.scale + row.loc)),
  }
}

function boltFeeds(row: Row, patches: number, patch: number) {
  const width = 2 * patch
  const features = new Float32Array(patches * width)
  const mask = new Float32Array(patches)
  const offset = patches * patch - row.values.length
  writeValues({ features, mask, patch, patches }, row.values, row, { offset })
  return {
    patches: { values: features, shape: [1, patches, width] },
    mask: { values: mask, shape: [1, patches] },
  }
}

/** Empirical quantiles of all values that a step has in any of the blocks. */
function reduceSamples(blocks: readonly Block[], levels: readonly number[]): Block {
  const steps = blocks[0]!.length / levels.length
  const reduced = new Float64Array(levels.length * steps)
  const samples = new Float64Array(blocks.length * levels.length)
  for (let step = 0; step < steps; step++) {
    for (const [i, block] of blocks.entries()) {
      for (let level = 0; level < levels.length; level++)
        samples[i * levels.length + level] = block[level * steps + step]!
    }
    samples.sort()
    for (const [i, level] of levels.entries()) reduced[i * steps + step] = quantileOfSorted(samples, level)
  }
  return reduced
}

function quantileOfSorted(sorted: Float64Array, level: number): number {
  const position = level * (sorted.length - 1)
  const rank = Math.floor(position)
  const below = sorted[rank]!
  return rank === position ? below : below + (position - rank) * (sorted[rank + 1]! - below)
}

/**
 * A forecast at other levels, as ChronosBoltPipeline.predict_quantiles has it: trained levels as they are, and as soon as
 * one is not trained, all between sorted values, to which the first and the last were added once more as levels 0 and 1.
 * So 0.01 is 0.1 and 0.99 is 0.9 where levels do not cross: Bolt knows no more.
 */
export function boltLevels(block: Block, trained: readonly number[], wanted: readonly number[]): Block {
  if (wanted.every((level) => trained.includes(level))) return interpolateLevels(block, trained, wanted)
  const steps = block.length / trained.length
  const widened = new Float64Array(block.length + 2 * steps)
  widened.set(block.subarray(0, steps))
  widened.set(block, steps)
  widened.set(block.subarray(-steps), steps + block.length)
  return interpolateLevels(sortLevels(widened, trained.length + 2), [0, ...trained, 1], wanted)
}
