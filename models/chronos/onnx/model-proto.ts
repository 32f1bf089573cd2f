import { bytesField, type Field, floatField, intField, joinFields, messageField, stringField } from './protobuf.ts'

/** Types of TensorProto that we write. */
const elementTypes = { float: 1, uint8: 2, int8: 3, int64: 7, float16: 10, bfloat16: 16 } as const
export type ElementType = keyof typeof elementTypes

export type Attribute = { readonly ints: readonly number[] } | { readonly int: number } | { readonly float: number }

export interface Node {
  readonly type: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, Attribute>>
}

/** A named length stands for one that is known when the graph runs. */
export interface ValueInfo {
  readonly name: string
  readonly type: ElementType
  readonly shape: readonly (number | string)[]
}

export interface Initializer {
  readonly name: string
  readonly type: ElementType
  readonly shape: readonly number[]
  /** The values, or where they lie in a file beside the model. */
  readonly content: Uint8Array | ExternalContent
}

export interface ExternalContent {
  readonly location: string
  readonly byteOffset: number
  readonly byteLength: number
}

export interface Graph {
  readonly name: string
  readonly inputs: readonly ValueInfo[]
  readonly outputs: readonly ValueInfo[]
  readonly initializers: readonly Initializer[]
  readonly nodes: readonly Node[]
}

// opset 17 needs IR version 8; newer ones bring nothing that we use
const irVersion = 8
const opsetVersion = 17
const producer = 'anomaly-times'

const attributeTypes = { float: 1, int: 2, ints: 7 } as const
const externalLocation = 1

/** Bytes of an ONNX ModelProto. */
export function encodeModel(graph: Graph): Uint8Array {
  return joinFields([
    intField(1, irVersion),
    stringField(2, producer),
    messageField(7, [
      ...graph.nodes.map((node) => messageField(1, encodeNode(node))),
      stringField(2, graph.name),
      ...graph.initializers.map((initializer) => messageField(5, encodeInitializer(initializer))),
      ...graph.inputs.map((value) => messageField(11, encodeValueInfo(value))),
      ...graph.outputs.map((value) => messageField(12, encodeValueInfo(value))),
    ]),
    messageField(8, [stringField(1, ''), intField(2, opsetVersion)]),
  ])
}

function encodeNode({ type, inputs, outputs, attributes }: Node): Field[] {
  return [
    ...inputs.map((name) => stringField(1, name)),
    ...outputs.map((name) => stringField(2, name)),
    stringField(3, outputs[0] ?? type),
    stringField(4, type),
    ...Object.entries(attributes).map(([name, attribute]) => messageField(5, encodeAttribute(name, attribute))),
  ]
}

function encodeAttribute(name: string, attribute: Attribute): Field[] {
  if ('ints' in attribute) {
    return [
      stringField(1, name),
      ...attribute.ints.map((value) => intField(8, value)),
      intField(20, attributeTypes.ints),
    ]
  }
  return 'int' in attribute
    ? [stringField(1, name), intField(3, attribute.int), intField(20, attributeTypes.int)]
    : [stringField(1, name), floatField(2, attribute.float), intField(20, attributeTypes.float)]
}

function encodeInitializer({ name, type, shape, content }: Initializer): Field[] {
  return [
    ...shape.map((length) => intField(1, length)),
    intField(2, elementTypes[type]),
    stringField(8, name),
    ...(content instanceof Uint8Array ? [bytesField(9, content)] : encodeExternal(content)),
  ]
}

function encodeExternal({ location, byteOffset, byteLength }: ExternalContent): Field[] {
  const entries = { location, offset: byteOffset, length: byteLength }
  return [
    ...Object.entries(entries).map(([key, value]) =>
      messageField(13, [stringField(1, key), stringField(2, String(value))]),
    ),
    intField(14, externalLocation),
  ]
}

function encodeValueInfo({ name, type, shape }: ValueInfo): Field[] {
  const dimensions = shape.map((length) =>
    messageField(1, [typeof length === 'number' ? intField(1, length) : stringField(2, length)]),
  )
  return [
    stringField(1, name),
    messageField(2, [messageField(1, [intField(1, elementTypes[type]), messageField(2, dimensions)])]),
  ]
}
