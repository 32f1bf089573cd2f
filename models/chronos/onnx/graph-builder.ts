import { basename } from 'node:path'
import { AppError } from '../../errors.ts'
import type { Checkpoint } from '../checkpoint/open-checkpoint.ts'
import type { DType, Tensor } from '../checkpoint/safetensors.ts'
import {
  type Attribute,
  type ElementType,
  encodeModel,
  type Initializer,
  type Node,
  type ValueInfo,
} from './model-proto.ts'
import { createPack, type PackedTensor } from './pack.ts'

/** Name of a tensor in the graph. */
export type Value = string

/** What the large products are computed with. */
export type Precision = 'float32' | 'int8'

export interface BuiltGraph {
  /** Bytes of the ONNX model. */
  readonly model: Uint8Array
  /** What the file in memory is made of; nothing in float32, where weights stay in their own file. */
  readonly packed: readonly PackedTensor[]
}

/** Writes a graph operation by operation; every method gives back the name of what it makes. */
export interface GraphBuilder {
  input(name: string, shape: readonly (number | string)[], type?: ElementType): Value
  /** A tensor of the checkpoint as float32; its bytes stay where they are. */
  weight(name: string): Value
  /** The transposed weight of a linear layer, [in, out]; folded when the session opens. */
  transposed(name: string): Value
  /** Whether a linear layer is computed in int8. */
  isQuantised(name: string): boolean
  /** Its weight as int8 [in, out], and the scale of each output. */
  quantised(name: string): { readonly values: Value; readonly scales: Value }
  /** What `make` made the first time. */
  once(key: string, make: () => Value): Value
  /** A byte without dimensions. */
  byte(value: number): Value
  floats(values: Float32Array, shape: readonly number[]): Value
  /** A vector of whole numbers: axes, shapes, bounds, indices. */
  ints(values: readonly number[]): Value
  /** A whole number without dimensions. */
  scalar(value: number): Value
  op(type: string, inputs: readonly Value[], attributes?: Readonly<Record<string, Attribute>>): Value
  /** An operation with several outputs. */
  ops(type: string, inputs: readonly Value[], count: number, attributes?: Readonly<Record<string, Attribute>>): Value[]
  /** Gives a value the name under which it is fetched. */
  output(name: string, value: Value, shape: readonly (number | string)[]): void
  build(): BuiltGraph
}

const stored: Readonly<Record<DType, ElementType>> = { F32: 'float', F16: 'float16', BF16: 'bfloat16' }

// narrower products lose more time by quantising than they gain
const leastQuantisedColumns = 64

export function createGraph(name: string, checkpoint: Checkpoint, precision: Precision = 'float32'): GraphBuilder {
  const inputs: ValueInfo[] = []
  const outputs: ValueInfo[] = []
  const nodes: Node[] = []
  const initializers: Initializer[] = []
  const made = new Map<string, Value>()

  const once: GraphBuilder['once'] = (key, make) => {
    const value = made.get(key) ?? make()
    made.set(key, value)
    return value
  }
  const ops: GraphBuilder['ops'] = (type, from, count, attributes = {}) => {
    const to = Array.from({ length: count }, (_, i) => `${type}.${nodes.length}.${i}`)
    nodes.push({ type, inputs: from, outputs: to, attributes })
    return to
  }
  const op: GraphBuilder['op'] = (type, from, attributes) => ops(type, from, 1, attributes)[0]!
  const initializer = (added: Initializer): Value => {
    initializers.push(added)
    return added.name
  }
  const constant = (
    type: ElementType,
    shape: readonly number[],
    values: Float32Array | BigInt64Array | Uint8Array,
  ): Value => {
    const content = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    return initializer({ name: `constant.${initializers.length}`, type, shape, content })
  }
  const { packed, ...weights } = createWeights({ checkpoint, precision, once, op, initializer })
  return {
    ...{ ...weights, once, op, ops },
    input(inputName, shape, type = 'float') {
      inputs.push({ name: inputName, type, shape })
      return inputName
    },
    byte: (value) => once(`byte ${value}`, () => constant('uint8', [], Uint8Array.of(value))),
    floats: (values, shape) => constant('float', shape, values),
    ints: (values) =>
      once(`ints ${values}`, () => constant('int64', [values.length], BigInt64Array.from(values, BigInt))),
    scalar: (value) => once(`scalar ${value}`, () => constant('int64', [], BigInt64Array.of(BigInt(value)))),
    output(outputName, value, shape) {
      nodes.push({ type: 'Identity', inputs: [value], outputs: [outputName], attributes: {} })
      outputs.push({ name: outputName, type: 'float', shape })
    },
    build: () => ({ model: encodeModel({ name, inputs, outputs, nodes, initializers }), packed }),
  }
}

interface WeightsOptions extends Pick<GraphBuilder, 'once' | 'op'> {
  readonly checkpoint: Checkpoint
  readonly precision: Precision
  readonly initializer: (added: Initializer) => Value
}

type Weights = Pick<GraphBuilder, 'weight' | 'transposed' | 'isQuantised' | 'quantised'>

/** What a graph has of the checkpoint's tensors: where they lie, or, in int8, in the file in memory. */
function createWeights(options: WeightsOptions): Weights & Pick<BuiltGraph, 'packed'> {
  const { checkpoint, precision, once, op, initializer } = options
  const { tensors, weightsPath } = checkpoint
  const location = basename(weightsPath)
  const pack = createPack()
  const tensorOf = (name: string): Tensor => {
    const tensor = tensors.get(name)
    if (!tensor) throw new AppError('MODEL_INVALID', `${weightsPath}: tensor "${name}" is missing`)
    return tensor
  }
  const weight = (name: string): Value =>
    once(`weight ${name}`, () => {
      const tensor = tensorOf(name)
      const type = stored[tensor.dtype]
      const content = precision === 'int8' ? pack.copy(tensor) : { ...tensor, location }
      initializer({ name, type, shape: tensor.shape, content })
      return type === 'float' ? name : op('Cast', [name], { to: { int: 1 } })
    })
  return {
    packed: pack.tensors,
    weight,
    transposed: (name) => once(`transposed ${name}`, () => op('Transpose', [weight(name)], { perm: { ints: [1, 0] } })),
    isQuantised: (name) => precision === 'int8' && tensorOf(name).shape[1]! >= leastQuantisedColumns,
    quantised(name) {
      const scales = `scales.${name}`
      const values = once(`int8 ${name}`, () => {
        const tensor = tensorOf(name)
        const [rows, columns] = tensor.shape as [number, number]
        const content = pack.quantise(tensor)
        initializer({ name: scales, type: 'float', shape: [rows], content: content.scales })
        return initializer({ name: `int8.${name}`, type: 'int8', shape: [columns, rows], content: content.values })
      })
      return { values, scales }
    },
  }
}
