import { basename } from 'node:path'
import { AppError } from '../../errors.ts'
import type { Checkpoint } from '../checkpoint/open-checkpoint.ts'
import type { DType } from '../checkpoint/safetensors.ts'
import {
  type Attribute,
  type ElementType,
  encodeModel,
  type Initializer,
  type Node,
  type ValueInfo,
} from './model-proto.ts'

/** Name of a tensor in the graph. */
export type Value = string

/** Writes a graph operation by operation; every method gives back the name of what it makes. */
export interface GraphBuilder {
  input(name: string, shape: readonly (number | string)[], type?: ElementType): Value
  /** A tensor of the checkpoint as float32; its bytes stay where they are. */
  weight(name: string): Value
  /** The transposed weight of a linear layer, [in, out]; folded when the session opens. */
  transposed(name: string): Value
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
  /** Bytes of the ONNX model. */
  build(): Uint8Array
}

const stored: Readonly<Record<DType, ElementType>> = { F32: 'float', F16: 'float16', BF16: 'bfloat16' }

export function createGraph(name: string, { tensors, weightsPath }: Checkpoint): GraphBuilder {
  const inputs: ValueInfo[] = []
  const outputs: ValueInfo[] = []
  const nodes: Node[] = []
  const initializers = new Map<Value, Initializer>()
  const made = new Map<string, Value>()
  const location = basename(weightsPath)

  const once = (key: string, make: () => Value): Value => {
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
  const initializer = (made: Initializer): Value => {
    initializers.set(made.name, made)
    return made.name
  }
  const constant = (type: ElementType, shape: readonly number[], values: Float32Array | BigInt64Array): Value => {
    const content = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    return initializer({ name: `constant.${initializers.size}`, type, shape, content })
  }
  const weight = (weightName: string): Value =>
    once(`weight ${weightName}`, () => {
      const tensor = tensors.get(weightName)
      if (!tensor) throw new AppError('MODEL_INVALID', `${weightsPath}: tensor "${weightName}" is missing`)
      const type = stored[tensor.dtype]
      initializer({ name: weightName, type, shape: tensor.shape, content: { ...tensor, location } })
      return type === 'float' ? weightName : op('Cast', [weightName], { to: { int: 1 } })
    })

  return {
    weight,
    op,
    ops,
    input(inputName, shape, type = 'float') {
      inputs.push({ name: inputName, type, shape })
      return inputName
    },
    transposed: (weightName) =>
      once(`transposed ${weightName}`, () => op('Transpose', [weight(weightName)], { perm: { ints: [1, 0] } })),
    floats: (values, shape) => constant('float', shape, values),
    ints: (values) =>
      once(`ints ${values}`, () => constant('int64', [values.length], BigInt64Array.from(values, BigInt))),
    scalar: (value) => once(`scalar ${value}`, () => constant('int64', [], BigInt64Array.of(BigInt(value)))),
    output(outputName, value, shape) {
      nodes.push({ type: 'Identity', inputs: [value], outputs: [outputName], attributes: {} })
      outputs.push({ name: outputName, type: 'float', shape })
    },
    build: () => encodeModel({ name, inputs, outputs, nodes, initializers: [...initializers.values()] }),
  }
}
