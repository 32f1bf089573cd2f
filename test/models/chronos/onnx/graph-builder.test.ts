import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { buildBoltGraph } from '../../../../models/chronos/bolt/graph.ts'
import type { BoltConfig, Chronos2Config } from '../../../../models/chronos/checkpoint/config.ts'
import { parseConfig } from '../../../../models/chronos/checkpoint/config.ts'
import { requiredTensors } from '../../../../models/chronos/checkpoint/layout.ts'
import { openCheckpoint } from '../../../../models/chronos/checkpoint/open-checkpoint.ts'
import { buildChronos2Graph } from '../../../../models/chronos/chronos2/graph.ts'
import { createGraph } from '../../../../models/chronos/onnx/graph-builder.ts'
import { fixtures, readFixture } from '../goldens.ts'

// the published schema of ONNX, read by a library that is not ours
const { onnx }: typeof import('onnx-proto') = createRequire(import.meta.url)('onnx-proto')

const checkpoint = openCheckpoint(`${fixtures}/bolt`)
const bolt = checkpoint.config as BoltConfig

describe('a model of every kind of field', () => {
  const graph = createGraph('small', checkpoint)
  const x = graph.input('x', ['batch', 32])
  const [left] = graph.ops('Split', [x], 2, { axis: { int: -1 }, split: { float: 0.5 }, sizes: { ints: [-1, 300] } })
  const sum = graph.op('Add', [left as string, graph.floats(Float32Array.of(1.5, -2), [2])])
  graph.op('MatMul', [sum, graph.transposed('shared.weight')])
  graph.op('Gather', [graph.weight('shared.weight'), graph.ints([-1, 2 ** 53 - 1])])
  graph.output('y', sum, ['batch', 16])
  const model = onnx.ModelProto.decode(graph.build().model)

  test('says which version it speaks', () => {
    expect(Number(model.irVersion)).toBe(8)
    expect(model.opsetImport.map(({ domain, version }) => [domain, Number(version)])).toEqual([['', 17]])
    expect(model.producerName).toBe('anomaly-times')
  })

  test('names inputs and outputs with lengths that are known and that are not', () => {
    const shapeOf = (value: (typeof model.graph & object)['input'] & object) =>
      value.map(({ name, type }) => [
        name,
        type?.tensorType?.elemType,
        type?.tensorType?.shape?.dim?.map(({ dimParam, dimValue }) => dimParam || Number(dimValue)),
      ])
    expect(shapeOf(model.graph?.input ?? [])).toEqual([['x', 1, ['batch', 32]]])
    expect(shapeOf(model.graph?.output ?? [])).toEqual([['y', 1, ['batch', 16]]])
  })

  test('has nodes with attributes of every kind, negative ones too', () => {
    const [split] = model.graph?.node ?? []
    expect(split?.opType).toBe('Split')
    expect(split?.output).toHaveLength(2)
    expect(
      split?.attribute?.map(({ name, type, i, f, ints }) => [name, type, Number(i), f, ints?.map(Number)]),
    ).toEqual([
      ['axis', onnx.AttributeProto.AttributeType.INT, -1, 0, []],
      ['split', onnx.AttributeProto.AttributeType.FLOAT, 0, 0.5, []],
      ['sizes', onnx.AttributeProto.AttributeType.INTS, 0, 0, [-1, 300]],
    ])
  })

  test('holds constants itself, each once, and points to the weights', () => {
    const initializers = model.graph?.initializer ?? []
    const named = (name: string) => initializers.filter((initializer) => initializer.name === name)
    const floats = initializers.find(({ dims }) => dims?.map(Number).join() === '2' && dims.length === 1)
    expect(new Float32Array(Uint8Array.from(floats?.rawData ?? []).buffer)).toEqual(Float32Array.of(1.5, -2))
    const ints = initializers.find(({ dataType }) => dataType === 7)
    expect(new BigInt64Array(Uint8Array.from(ints?.rawData ?? []).buffer)).toEqual(
      BigInt64Array.of(-1n, 2n ** 53n - 1n),
    )

    const tensor = checkpoint.tensors.get('shared.weight')
    expect(named('shared.weight')).toHaveLength(1)
    const [weight] = named('shared.weight')
    expect(weight?.dataLocation).toBe(onnx.TensorProto.DataLocation.EXTERNAL)
    expect(Object.fromEntries(weight?.externalData?.map(({ key, value }) => [key, value]) ?? [])).toEqual({
      location: 'model.safetensors',
      offset: String(tensor?.byteOffset),
      length: String(tensor?.byteLength),
    })
  })
})

const { models }: { models: { name: string; config: object }[] } = readFixture('reference-tiny-shapes.json')

/** A checkpoint whose weights would lie one after the other. */
function checkpointOf(config: object) {
  const parsed = parseConfig(JSON.stringify(config), 'config.json')
  let byteOffset = 8
  const tensors = Object.entries(requiredTensors(parsed)).map(([name, shape]) => {
    const byteLength = shape.reduce((product, length) => product * length, 4)
    byteOffset += byteLength
    return [name, { name, dtype: 'F32', shape, byteOffset: byteOffset - byteLength, byteLength }] as const
  })
  return { config: parsed, weightsPath: '/models/model.safetensors', tensors: new Map(tensors) }
}

describe('graphs of the published models', () => {
  const known = new Set([
    ...['Add', 'Cast', 'Concat', 'Div', 'Expand', 'Gather', 'Identity', 'MatMul', 'Mul', 'Range', 'ReduceMean', 'Relu'],
    ...['Reshape', 'Shape', 'Slice', 'Softmax', 'Split', 'Sqrt', 'Squeeze', 'Sub', 'Transpose', 'Unsqueeze'],
  ])

  test.each(models)(
    '$name: standard operations, each value made before it is used, every weight used',
    ({ config }) => {
      const made = checkpointOf(config)
      const graphs =
        made.config.family === 'bolt'
          ? [buildBoltGraph(made, made.config)]
          : (['solo', 'grouped'] as const).map((kind) =>
              buildChronos2Graph(made, made.config as Chronos2Config, { grouping: kind }),
            )
      for (const { model } of graphs) {
        const { graph } = onnx.ModelProto.decode(model)
        checkNodes(graph)
        const weights = graph?.initializer?.filter(({ dataLocation }) => dataLocation === 1).map(({ name }) => name)
        const queries = /layer\.1\.self_attention\.[qk]\.weight$/
        const wanted = [...made.tensors.keys()].filter(
          (name) => graph?.name !== 'chronos-2-solo' || !queries.test(name),
        )
        expect(weights?.toSorted()).toEqual(wanted.toSorted())
      }
    },
  )

  function checkNodes(graph: InstanceType<typeof onnx.ModelProto>['graph']): void {
    const available = new Set([...(graph?.input ?? []), ...(graph?.initializer ?? [])].map(({ name }) => name))
    for (const { opType, domain, input, output } of graph?.node ?? []) {
      expect(known).toContain(opType)
      expect(domain).toBe('')
      for (const name of input ?? []) expect(available).toContain(name)
      for (const name of output ?? []) available.add(name)
    }
  }
})

test('weights in half precision are cast where they are', () => {
  const tensors = new Map(
    [...checkpoint.tensors].map(([name, tensor]) => [name, { ...tensor, dtype: 'BF16' as const }]),
  )
  const { graph } = onnx.ModelProto.decode(buildBoltGraph({ ...checkpoint, tensors }, bolt).model)
  const weights = graph?.initializer?.filter(({ dataLocation }) => dataLocation === 1) ?? []
  expect(new Set(weights.map(({ dataType }) => dataType))).toEqual(new Set([onnx.TensorProto.DataType.BFLOAT16]))
  expect(graph?.node?.filter(({ opType }) => opType === 'Cast')).toHaveLength(weights.length)
})
