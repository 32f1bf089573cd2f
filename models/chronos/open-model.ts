import { AppError } from '../errors.ts'
import { buildBoltGraph } from './bolt/graph.ts'
import type { ChronosConfig } from './checkpoint/config.ts'
import { requiredTensors } from './checkpoint/layout.ts'
import { type Checkpoint, openCheckpoint } from './checkpoint/open-checkpoint.ts'
import { buildChronos2Graph, type Grouping } from './chronos2/graph.ts'
import type { Inference } from './inference/inference.ts'
import type { Network } from './inference/network.ts'
import type { ModelDemand } from './inference/plan-copies.ts'
import type { BuiltGraph, Precision } from './onnx/graph-builder.ts'
import type { RunEntries } from './pipeline/entry.ts'

/** A checkpoint whose graphs run; weights are loaded when one is first asked for. */
export interface ChronosModel {
  readonly config: ChronosConfig
  readonly solo: RunEntries
  /** Chronos-2 only: rows see those of their group. */
  readonly grouped: RunEntries
  close(): Promise<void>
}

// measured for groups of 100 series with 2,048 steps: 0.29 GB at a width of 512, 0.57 GB at 768; alone 0.08 and 0.11
const bytesPerWidthToken = 60
const tokensOfGroup = 100 * (2_048 / 16 + 1 + 4)

/**
 * A group is computed as a whole, so it takes more memory than series alone: where that is not there, groups are refused
 * and series alone are forecast.
 * @throws MODEL_INVALID naming the file, and the field or tensor; MODEL_TOO_LARGE with the sum.
 */
export function openModel(folder: string, inference: Inference, name = folder): ChronosModel {
  const checkpoint = openCheckpoint(folder)
  const { config, weightsPath } = checkpoint
  const weights = weightsOf(config, inference.precision)
  const networkOf = (grouping: Grouping, demand: ModelDemand): Network =>
    inference.network({
      demand,
      build: () => ({ weightsPath, ...buildGraph(checkpoint, grouping, inference.precision) }),
    })
  const workBytes = tokensOfGroup * config.width * bytesPerWidthToken
  const solo = networkOf('solo', { name, ...weights })
  let grouped: Network | undefined
  return {
    config,
    solo: solo.run,
    async grouped(entries, signal) {
      if (entries.length === 0) return
      grouped ??= networkOf('grouped', { name: `${name} (grouped)`, ...weights, workBytes })
      await grouped.run(entries, signal)
    },
    async close() {
      const closed = new AppError('MODEL_FAILED', `${weightsPath}: the model is closed`)
      await Promise.all([solo.close(closed), grouped?.close(closed)])
    },
  }
}

function weightsOf(config: ChronosConfig, precision: Precision) {
  const lengths = Object.values(requiredTensors(config)).map((shape) => shape.reduce((a, b) => a * b, 1))
  const parameters = lengths.reduce((sum, length) => sum + length, 0)
  // int8 weights are there twice: as they were handed over, and as the products want them
  return { parameters, weightBytes: parameters * (precision === 'int8' ? 2 : 4) }
}

function buildGraph(checkpoint: Checkpoint, grouping: Grouping, precision: Precision): BuiltGraph {
  const { config } = checkpoint
  return config.family === 'bolt'
    ? buildBoltGraph(checkpoint, config, precision)
    : buildChronos2Graph(checkpoint, config, { grouping, precision })
}
