import type { BoltConfig } from '../checkpoint/config.ts'
import type { Checkpoint } from '../checkpoint/open-checkpoint.ts'
import { type BuiltGraph, createGraph, type GraphBuilder, type Precision, type Value } from '../onnx/graph-builder.ts'
import {
  extendMask,
  feedForward,
  lengthOf,
  linear,
  lonelyAttention,
  maskBias,
  residualBlock,
  rmsNorm,
  selfAttention,
  specialToken,
} from '../onnx/layers.ts'
import { relativeBucket } from './relative-position.ts'

/**
 * Chronos-Bolt, without what is better done outside in float64: `patches` [B, N, 2 · patch] (values, then mask
 * bits) and `mask` [B, N] to `quantiles` [B, levels, steps], both normalised. Batch and patches may have any length.
 */
export function buildBoltGraph(checkpoint: Checkpoint, config: BoltConfig, precision?: Precision): BuiltGraph {
  const graph = createGraph('chronos-bolt', checkpoint, precision)
  const patches = graph.input('patches', ['batch', 'patches', 2 * config.patch])
  const patchMask = graph.input('mask', ['batch', 'patches'])

  const batch = lengthOf(graph, patches, 0)
  const reg = specialToken(graph, config.regToken, batch)
  const tokens = graph.op('Concat', [residualBlock(graph, patches, 'input_patch_embedding'), reg], { axis: { int: 1 } })
  const hidden = maskBias(graph, extendMask(graph, patchMask, { batch, seen: graph.ints([1]) }))

  const encoded = encode(graph, { tokens, hidden, config })
  const decoded = decode(graph, { encoded, hidden, config, start: specialToken(graph, config.startToken, batch) })
  const output = residualBlock(graph, decoded, 'output_patch_embedding')
  const { quantiles, predictionLength } = config
  const byLevel = graph.op('Reshape', [output, graph.ints([-1, quantiles.length, predictionLength])])
  graph.output('quantiles', byLevel, ['batch', quantiles.length, predictionLength])
  return graph.build()
}

interface Encoder {
  readonly tokens: Value
  /** What to add to the scores of each key: [B, S]. */
  readonly hidden: Value
  readonly config: BoltConfig
}

function encode(graph: GraphBuilder, { tokens, hidden, config }: Encoder): Value {
  const byKey = graph.op('Unsqueeze', [hidden, graph.ints([1, 2])])
  const bias = graph.op('Add', [positionBias(graph, tokens, config), byKey])
  let x = tokens
  for (let i = 0; i < config.layers; i++) {
    const block = `encoder.block.${i}`
    const seen = rmsNorm(graph, x, `${block}.layer.0.layer_norm`, config.epsilon)
    x = graph.op('Add', [
      x,
      selfAttention(graph, seen, { name: `${block}.layer.0.SelfAttention`, bias, sizes: config }),
    ])
    const normed = rmsNorm(graph, x, `${block}.layer.1.layer_norm`, config.epsilon)
    x = graph.op('Add', [x, feedForward(graph, normed, `${block}.layer.1.DenseReluDense`)])
  }
  return rmsNorm(graph, x, 'encoder.final_layer_norm', config.epsilon)
}

/** [1, heads, S, S], of the one table that all layers share: a row for each distance, gathered by key - query. */
function positionBias(graph: GraphBuilder, tokens: Value, config: BoltConfig): Value {
  const farthest = Math.ceil(config.contextLength / config.patch)
  const buckets = Array.from({ length: 2 * farthest + 1 }, (_, i) =>
    relativeBucket(i - farthest, config.buckets, config.maxDistance),
  )
  const table = graph.weight('encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight')
  const byDistance = graph.op('Transpose', [graph.op('Gather', [table, graph.ints(buckets)])], {
    perm: { ints: [1, 0] },
  })

  const length = graph.op('Squeeze', [lengthOf(graph, tokens, 1)])
  const positions = graph.op('Range', [graph.scalar(0), length, graph.scalar(1)])
  const keys = graph.op('Unsqueeze', [positions, graph.ints([0])])
  const queries = graph.op('Unsqueeze', [positions, graph.ints([1])])
  const rows = graph.op('Add', [graph.op('Sub', [keys, queries]), graph.scalar(farthest)])
  const bias = graph.op('Gather', [byDistance, rows], { axis: { int: 1 } })
  return graph.op('Unsqueeze', [bias, graph.ints([0])])
}

interface Decoder {
  readonly start: Value
  readonly encoded: Value
  readonly hidden: Value
  readonly config: BoltConfig
}

/** One token for each series: [B, 1, width]. */
function decode(graph: GraphBuilder, { start, encoded, hidden, config }: Decoder): Value {
  const keys = graph.op('Transpose', [encoded], { perm: { ints: [0, 2, 1] } })
  const byKey = graph.op('Unsqueeze', [hidden, graph.ints([1])])
  let x = start
  for (let i = 0; i < config.decoderLayers; i++) {
    const block = `decoder.block.${i}`
    const own = rmsNorm(graph, x, `${block}.layer.0.layer_norm`, config.epsilon)
    x = graph.op('Add', [x, lonelyAttention(graph, own, `${block}.layer.0.SelfAttention`)])
    const asking = rmsNorm(graph, x, `${block}.layer.1.layer_norm`, config.epsilon)
    const name = `${block}.layer.1.EncDecAttention`
    x = graph.op('Add', [x, crossAttention(graph, asking, { name, encoded, keys, byKey, config })])
    const normed = rmsNorm(graph, x, `${block}.layer.2.layer_norm`, config.epsilon)
    x = graph.op('Add', [x, feedForward(graph, normed, `${block}.layer.2.DenseReluDense`)])
  }
  return rmsNorm(graph, x, 'decoder.final_layer_norm', config.epsilon)
}

interface CrossAttention {
  readonly name: string
  /** [B, S, width] */
  readonly encoded: Value
  /** [B, width, S] */
  readonly keys: Value
  /** [B, 1, S], added to the scores. */
  readonly byKey: Value
  readonly config: BoltConfig
}

/**
 * Attention of one query per series to the encoder's states. The projections of keys and values are absorbed into the
 * query and into what comes out, so S states need not be projected: 13 to 17 % fewer operations, and 10 to 15 % less time.
 */
function crossAttention(graph: GraphBuilder, x: Value, { name, encoded, keys, byKey, config }: CrossAttention): Value {
  const { heads, headWidth, width } = config
  const headsFirst = { perm: { ints: [1, 0, 2] } }
  const byHead = (projection: string) =>
    graph.op('Reshape', [graph.weight(`${name}.${projection}.weight`), graph.ints([heads, headWidth, width])])

  const query = graph.op('Reshape', [linear(graph, x, `${name}.q`), graph.ints([-1, heads, headWidth])])
  const absorbed = graph.op('MatMul', [graph.op('Transpose', [query], headsFirst), byHead('k')])
  const scores = graph.op('MatMul', [graph.op('Transpose', [absorbed], headsFirst), keys])
  const weights = graph.op('Softmax', [graph.op('Add', [scores, byKey])], { axis: { int: -1 } })
  const mixed = graph.op('Transpose', [graph.op('MatMul', [weights, encoded])], headsFirst)
  const values = graph.op('Transpose', [byHead('v')], { perm: { ints: [0, 2, 1] } })
  const projected = graph.op('Transpose', [graph.op('MatMul', [mixed, values])], headsFirst)
  return linear(graph, graph.op('Reshape', [projected, graph.ints([-1, 1, heads * headWidth])]), `${name}.o`)
}
