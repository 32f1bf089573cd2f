import type { GraphBuilder, Value } from './graph-builder.ts'

export interface HeadSizes {
  readonly heads: number
  readonly headWidth: number
}

// what the reference adds to the scores of masked keys: the least float32
const masked = -3.4028234663852886e38

/** x · Wᵀ (+ b), of tensors `<name>.weight` and `<name>.bias`. */
export function linear(graph: GraphBuilder, x: Value, name: string, { bias = false } = {}): Value {
  const weight = `${name}.weight`
  const product = graph.isQuantised(weight)
    ? quantisedProduct(graph, x, weight)
    : graph.op('MatMul', [x, graph.transposed(weight)])
  return bias ? graph.op('Add', [product, graph.weight(`${name}.bias`)]) : product
}

/**
 * x · Wᵀ in int8: each row of x has a scale of its own, as has each output of W, so that a series' result does not
 * depend on its company. One scale for all, as onnxruntime's own dynamic quantisation has it, moves results by 2 %.
 */
function quantisedProduct(graph: GraphBuilder, x: Value, weight: string): Value {
  const scale = graph.once(`row scale of ${x}`, () => {
    const farthest = graph.op('ReduceMax', [graph.op('Abs', [x])], { axes: { ints: [-1] } })
    const share = graph.op('Mul', [farthest, graph.floats(Float32Array.of(1 / 127), [])])
    // a row of zeros has no scale
    return graph.op('Max', [share, graph.floats(Float32Array.of(1e-30), [])])
  })
  const zero = graph.byte(128)
  const bytes = graph.once(`bytes of ${x}`, () =>
    graph.op('QuantizeLinear', [graph.op('Div', [x, scale]), graph.floats(Float32Array.of(1), []), zero]),
  )
  const { values, scales } = graph.quantised(weight)
  const sums = graph.op('Cast', [graph.op('MatMulInteger', [bytes, values, zero])], { to: { int: 1 } })
  return graph.op('Mul', [graph.op('Mul', [sums, scale]), scales])
}

/** x / sqrt(mean(x²) + epsilon) · w, over the last axis; no mean is taken off. */
export function rmsNorm(graph: GraphBuilder, x: Value, name: string, epsilon: number): Value {
  const square = graph.op('ReduceMean', [graph.op('Mul', [x, x])], { axes: { ints: [-1] } })
  const root = graph.op('Sqrt', [graph.op('Add', [square, graph.floats(Float32Array.of(epsilon), [])])])
  return graph.op('Mul', [graph.op('Div', [x, root]), graph.weight(`${name}.weight`)])
}

/** Wo · relu(Wi · x). */
export function feedForward(graph: GraphBuilder, x: Value, name: string): Value {
  return linear(graph, graph.op('Relu', [linear(graph, x, `${name}.wi`)]), `${name}.wo`)
}

/** Two layers with relu between them, plus one layer beside them, all with bias. */
export function residualBlock(graph: GraphBuilder, x: Value, name: string): Value {
  const hidden = graph.op('Relu', [linear(graph, x, `${name}.hidden_layer`, { bias: true })])
  const output = linear(graph, hidden, `${name}.output_layer`, { bias: true })
  return graph.op('Add', [output, linear(graph, x, `${name}.residual_layer`, { bias: true })])
}

/** [B, S, heads · headWidth] to [B, heads, S, headWidth]. */
function splitHeads(graph: GraphBuilder, x: Value, { heads, headWidth }: HeadSizes): Value {
  const split = graph.op('Reshape', [x, graph.ints([0, -1, heads, headWidth])])
  return graph.op('Transpose', [split], { perm: { ints: [0, 2, 1, 3] } })
}

/** [B, heads, S, headWidth] to [B, S, heads · headWidth]. */
function joinHeads(graph: GraphBuilder, x: Value, { heads, headWidth }: HeadSizes): Value {
  const together = graph.op('Transpose', [x], { perm: { ints: [0, 2, 1, 3] } })
  return graph.op('Reshape', [together, graph.ints([0, -1, heads * headWidth])])
}

export interface Attention {
  readonly name: string
  /** Added to the scores: the mask, and what depends on positions. */
  readonly bias: Value
  readonly sizes: HeadSizes
  /** Turns queries and keys by their position. */
  readonly rotate?: (x: Value) => Value
}

/** Attention of x [B, S, width] to itself. Scores are not divided by sqrt(headWidth): T5 is trained without. */
export function selfAttention(graph: GraphBuilder, x: Value, attention: Attention): Value {
  const { name, bias, sizes, rotate = (turned) => turned } = attention
  const [query, key, value] = ['q', 'k', 'v'].map((projection) =>
    splitHeads(graph, linear(graph, x, `${name}.${projection}`), sizes),
  ) as [Value, Value, Value]
  const keys = graph.op('Transpose', [rotate(key)], { perm: { ints: [0, 1, 3, 2] } })
  const scores = graph.op('Add', [graph.op('MatMul', [rotate(query), keys]), bias])
  const mixed = graph.op('MatMul', [graph.op('Softmax', [scores], { axis: { int: -1 } }), value])
  return linear(graph, joinHeads(graph, mixed, sizes), `${name}.o`)
}

/** Attention of tokens that see themselves alone: whatever the scores, what comes out is O · V · x. */
export function lonelyAttention(graph: GraphBuilder, x: Value, name: string): Value {
  return linear(graph, linear(graph, x, `${name}.v`), `${name}.o`)
}

/** What to add to scores: 0 where the mask is 1, the least number where it is 0. */
export function maskBias(graph: GraphBuilder, mask: Value): Value {
  const hidden = graph.op('Sub', [graph.floats(Float32Array.of(1), []), mask])
  return graph.op('Mul', [hidden, graph.floats(Float32Array.of(masked), [])])
}

/** [B, patches] to [B, patches + seen], where `seen` [1] tokens more are never masked. */
export function extendMask(graph: GraphBuilder, mask: Value, { batch, seen }: Record<'batch' | 'seen', Value>): Value {
  const shape = graph.op('Concat', [batch, seen], { axis: { int: 0 } })
  const ones = graph.op('Expand', [graph.floats(Float32Array.of(1), [1, 1]), shape])
  return graph.op('Concat', [mask, ones], { axis: { int: 1 } })
}

/** Row `index` of `shared.weight` as one token for each series of the batch: [B, 1, width]. */
export function specialToken(graph: GraphBuilder, index: number, batch: Value): Value {
  const row = graph.op('Gather', [graph.weight('shared.weight'), graph.ints([index])])
  return graph.op('Expand', [row, graph.op('Concat', [batch, graph.ints([1, 1])], { axis: { int: 0 } })])
}

/** Length of one axis, as a vector of one number. */
export function lengthOf(graph: GraphBuilder, x: Value, axis: number): Value {
  return graph.op('Gather', [graph.op('Shape', [x]), graph.ints([axis])])
}
