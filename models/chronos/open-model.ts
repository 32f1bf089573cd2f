import { AppError } from '../errors.ts'
import { buildBoltGraph } from './bolt/graph.ts'
import type { ChronosConfig } from './checkpoint/config.ts'
import { requiredTensors } from './checkpoint/layout.ts'
import { type Checkpoint, openCheckpoint } from './checkpoint/open-checkpoint.ts'
import { buildChronos2Graph, type Grouping } from './chronos2/graph.ts'
import type { Inference } from './inference/inference.ts'
import type { Network } from './inference/network.ts'
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

/** @throws MODEL_INVALID naming the file, and the field or tensor; MODEL_TOO_LARGE with the sum. */
export function openModel(folder: string, inference: Inference, name = folder): ChronosModel {
  const checkpoint = openCheckpoint(folder)
  const { config, weightsPath } = checkpoint
  const weights = weightsOf(config, inference.precision)
  const networkOf = (grouping: Grouping): Network =>
    inference.network({
      demand: { name: grouping === 'solo' ? name : `${name} (${grouping})`, ...weights },
      build: () => ({ weightsPath, ...buildGraph(checkpoint, grouping, inference.precision) }),
    })
  const networks = { solo: networkOf('solo'), grouped: networkOf('grouped') }
  return {
    config,
    solo: networks.solo.run,
    grouped: networks.grouped.run,
    async close() {
      const closed = new AppError('MODEL_FAILED', `${weightsPath}: the model is closed`)
      await Promise.all(Object.values(networks).map((network) => network.close(closed)))
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
