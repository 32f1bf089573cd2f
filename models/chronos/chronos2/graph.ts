import type { Chronos2Config } from '../checkpoint/config.ts'
import type { Checkpoint } from '../checkpoint/open-checkpoint.ts'
import { type BuiltGraph, createGraph, type GraphBuilder, type Precision, type Value } from '../onnx/graph-builder.ts'
import {
  extendMask,
  feedForward,
  lengthOf,
  lonelyAttention,
  maskBias,
  residualBlock,
  rmsNorm,
  selfAttention,
  specialToken,
} from '../onnx/layers.ts'
import { rotaryTables } from './rotary.ts'

/** Whether rows see others of their group, or every row is alone. */
export type Grouping = 'solo' | 'grouped'

/**
 * Chronos-2: `context` [B, N, 3 · patch] and `future` [B, M, 3 · patch] (time, values, mask bits) and `mask`
 * [B, N] to `quantiles` [B, levels, M · patch], normalised and still arcsinh. Grouped: `groupSize` [1], and the rows of a
 * group lie together. Batch, patches and horizon may have any length.
 */
export function buildChronos2Graph(
  checkpoint: Checkpoint,
  config: Chronos2Config,
  { grouping, precision }: { readonly grouping: Grouping; readonly precision?: Precision },
): BuiltGraph {
  const graph = createGraph(`chronos-2-${grouping}`, checkpoint, precision)
  const features = 3 * config.patch
  const context = graph.input('context', ['batch', 'patches', features])
  const future = graph.input('future', ['batch', 'futurePatches', features])
  const patchMask = graph.input('mask', ['batch', 'patches'])
  const groupSize = grouping === 'grouped' ? graph.input('groupSize', [1], 'int64') : undefined

  const batch = lengthOf(graph, context, 0)
  const patches = lengthOf(graph, context, 1)
  const tokens = graph.op(
    'Concat',
    [
      residualBlock(graph, context, 'input_patch_embedding'),
      specialToken(graph, config.regToken, batch),
      residualBlock(graph, future, 'input_patch_embedding'),
    ],
    { axis: { int: 1 } },
  )
  const regAndFuture = graph.op('Add', [lengthOf(graph, future, 1), graph.ints([1])])
  const hidden = maskBias(graph, extendMask(graph, patchMask, { batch, seen: regAndFuture }))

  const encoded = encode(graph, { tokens, hidden, groupSize, config })
  const firstFuture = graph.op('Add', [patches, graph.ints([1])])
  const states = slice(graph, encoded, { from: firstFuture, to: graph.ints([Number.MAX_SAFE_INTEGER]), axis: 1 })
  const output = residualBlock(
    graph,
    rmsNorm(graph, states, 'encoder.final_layer_norm', config.epsilon),
    'output_patch_embedding',
  )
  const levels = config.quantiles.length
  const byPatch = graph.op('Reshape', [output, graph.ints([0, 0, levels, config.patch])])
  const byLevel = graph.op('Transpose', [byPatch], { perm: { ints: [0, 2, 1, 3] } })
  const joined = graph.op('Reshape', [byLevel, graph.ints([0, levels, -1])])
  graph.output('quantiles', joined, ['batch', levels, 'steps'])
  return graph.build()
}

interface Encoder {
  readonly tokens: Value
  /** What to add to the scores of each token: [B, S]. */
  readonly hidden: Value
  readonly groupSize: Value | undefined
  readonly config: Chronos2Config
}

/** All layers, without the final norm: only the future tokens need it. */
function encode(graph: GraphBuilder, { tokens, hidden, groupSize, config }: Encoder): Value {
  const bias = graph.op('Unsqueeze', [hidden, graph.ints([1, 2])])
  const rotate = rotation(graph, tokens, config)
  const inGroup = groupSize ? groupAttention(graph, { tokens, hidden, groupSize, config }) : undefined
  let x = tokens
  for (let i = 0; i < config.layers; i++) {
    const layer = (index: number) => `encoder.block.${i}.layer.${index}`
    const normed = (index: number) => rmsNorm(graph, x, `${layer(index)}.layer_norm`, config.epsilon)
    const inTime = { name: `${layer(0)}.self_attention`, bias, sizes: config, rotate }
    x = graph.op('Add', [x, selfAttention(graph, normed(0), inTime)])
    const name = `${layer(1)}.self_attention`
    x = graph.op('Add', [x, inGroup?.(normed(1), name) ?? lonelyAttention(graph, normed(1), name)])
    x = graph.op('Add', [x, feedForward(graph, normed(2), `${layer(2)}.mlp`)])
  }
  return x
}

/** Turns [B, heads, S, headWidth] by position: x · cos + [-x2, x1] · sin, x1 and x2 the halves of the last axis. */
function rotation(graph: GraphBuilder, tokens: Value, config: Chronos2Config): (x: Value) => Value {
  const longest = Math.ceil(config.contextLength / config.patch) + 1 + config.maxOutputPatches
  const tables = rotaryTables(longest, config.headWidth, config.ropeTheta)
  const to = lengthOf(graph, tokens, 1)
  const [cos, sin] = [tables.cos, tables.signedSin].map((table) =>
    slice(graph, graph.floats(table, [longest, config.headWidth]), { from: graph.ints([0]), to, axis: 0 }),
  ) as [Value, Value]
  return (x) => {
    const halves = graph.ops('Split', [x], 2, { axis: { int: -1 } })
    const swapped = graph.op('Concat', halves.toReversed(), { axis: { int: -1 } })
    return graph.op('Add', [graph.op('Mul', [x, cos]), graph.op('Mul', [swapped, sin])])
  }
}

/** Attention between the rows of a group, at each token apart: the batch becomes [B / G · S, G, width] and back. */
function groupAttention(
  graph: GraphBuilder,
  { tokens, hidden, groupSize, config }: Encoder & { readonly groupSize: Value },
): (x: Value, name: string) => Value {
  const length = lengthOf(graph, tokens, 1)
  const shape = (...lengths: Value[]) => graph.op('Concat', lengths, { axis: { int: 0 } })
  const rest = graph.ints([-1])
  const width = graph.ints([config.width])
  const swapGroupAndToken = { perm: { ints: [0, 2, 1, 3] } }
  const maskByGroup = graph.op('Reshape', [hidden, shape(rest, groupSize, length)])
  const maskByToken = graph.op('Transpose', [maskByGroup], { perm: { ints: [0, 2, 1] } })
  const bias = graph.op('Reshape', [maskByToken, shape(rest, graph.ints([1, 1]), groupSize)])

  return (x, name) => {
    const byGroup = graph.op('Reshape', [x, shape(rest, groupSize, length, width)])
    const byToken = graph.op('Transpose', [byGroup], swapGroupAndToken)
    const together = graph.op('Reshape', [byToken, shape(rest, groupSize, width)])
    const mixed = selfAttention(graph, together, { name, bias, sizes: config })
    const apart = graph.op('Reshape', [mixed, shape(rest, length, groupSize, width)])
    return graph.op('Reshape', [graph.op('Transpose', [apart], swapGroupAndToken), shape(rest, length, width)])
  }
}

interface Range {
  readonly from: Value
  readonly to: Value
  readonly axis: number
}

function slice(graph: GraphBuilder, x: Value, { from, to, axis }: Range): Value {
  return graph.op('Slice', [x, from, to, graph.ints([axis])])
}
