import { AppError } from '../../errors.ts'
import type { Chronos2Config } from '../checkpoint/config.ts'
import { type Block, extend, pathOf } from '../pipeline/blocks.ts'
import type { Group, TaskRow } from './tasks.ts'

/** Levels that go on, each as a context of its own, where a horizon is longer than one pass. */
const unrolledLevels = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]

/** Every group once for each unrolled level: rows see others of their group on the same path only. */
export interface Paths {
  readonly groups: readonly Group[]
}

/** @throws UNSUPPORTED when the model lacks a level that is unrolled. */
export function startPaths(groups: readonly Group[], { quantiles }: Chronos2Config): Paths {
  const missing = unrolledLevels.find((level) => !quantiles.includes(level))
  if (missing !== undefined) {
    throw new AppError('UNSUPPORTED', `the model has no level ${missing}, so it forecasts no further than one pass`)
  }
  return { groups: groups.flatMap((group) => unrolledLevels.map(() => group)) }
}

/** Appends to each path what was forecast at its level; what is known of a covariate takes the place of that. */
export function continuePaths({ groups }: Paths, pass: readonly Block[][], config: Chronos2Config): Paths {
  const { quantiles, contextLength } = config
  return {
    groups: groups.map((group, i) => {
      const blocks = pass[Math.floor(i / unrolledLevels.length)]!
      const level = quantiles.indexOf(unrolledLevels[i % unrolledLevels.length]!)
      return group.map((row, r) => {
        const block = blocks[r]!
        return continueRow(row, pathOf(block, level, block.length / quantiles.length), contextLength)
      })
    }),
  }
}

function continueRow({ context, future }: TaskRow, path: Float64Array, longest: number): TaskRow {
  const values = path.map((value, step) => (Number.isFinite(future[step]) ? future[step]! : value))
  return { context: extend(context, values, longest), future: future.subarray(path.length) }
}

/** Makes one block again of those of all paths: weighted quantiles of all values that a step has in any of them. */
export function reducePaths(pass: readonly Block[][], { groups }: Paths, { quantiles }: Chronos2Config): Block[][] {
  const paths = unrolledLevels.length
  const weights = sampleWeights(quantiles)
  return Array.from({ length: groups.length / paths }, (_, g) =>
    groups[g * paths]!.map((_, row) => {
      const samples = pass.slice(g * paths, (g + 1) * paths).map((blocks) => blocks[row]!)
      return reduceSamples(samples, weights, quantiles)
    }),
  )
}

/** Probability that each value of each path stands for, path-major; they sum to 1. */
function sampleWeights(quantiles: readonly number[]): Float64Array {
  const levelMass = massOf(quantiles)
  return Float64Array.from(massOf(unrolledLevels).flatMap((path) => levelMass.map((level) => path * level)))
}

function massOf(levels: readonly number[]): number[] {
  const ends = [0, ...levels, 1]
  const widths = levels.map((_, i) => (ends[i + 2]! - ends[i]!) / 2)
  const whole = widths.reduce((sum, width) => sum + width, 0)
  return widths.map((width) => width / whole)
}

function reduceSamples(blocks: readonly Block[], weights: Float64Array, levels: readonly number[]): Block {
  const steps = blocks[0]!.length / levels.length
  const reduced = new Float64Array(levels.length * steps)
  const samples = new Float64Array(weights.length)
  const order = new Uint16Array(weights.length)
  for (let step = 0; step < steps; step++) {
    for (let i = 0; i < samples.length; i++) {
      samples[i] = blocks[Math.floor(i / levels.length)]![(i % levels.length) * steps + step]!
      order[i] = i
    }
    order.sort((a, b) => samples[a]! - samples[b]!)
    weightedQuantiles({ samples, weights, order }, levels, (level, value) => {
      reduced[level * steps + step] = value
    })
  }
  return reduced
}

interface Distribution {
  readonly samples: Float64Array
  readonly weights: Float64Array
  /** Indices of the samples, ascending by value. */
  readonly order: Uint16Array
}

/** Linear between the samples, each at the weight of itself and all before it; flat before the first. */
function weightedQuantiles(
  { samples, weights, order }: Distribution,
  levels: readonly number[],
  emit: (level: number, value: number) => void,
): void {
  let rank = 0
  let below = 0
  let reached = weights[order[0]!]!
  for (const [i, level] of levels.entries()) {
    while (reached <= level && rank < order.length - 1) {
      rank += 1
      below = reached
      reached += weights[order[rank]!]!
    }
    const value = samples[order[rank]!]!
    const before = samples[order[Math.max(0, rank - 1)]!]!
    emit(i, level >= reached ? value : before + ((level - below) / (reached - below)) * (value - before))
  }
}
