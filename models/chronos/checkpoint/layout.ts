import type { BoltConfig, Chronos2Config, ChronosConfig } from './config.ts'

export type Shapes = Readonly<Record<string, readonly number[]>>

/** Name and shape of every tensor that the graph of this configuration uses. Files may hold more. */
export function requiredTensors(config: ChronosConfig): Shapes {
  return config.family === 'bolt' ? boltTensors(config) : chronos2Tensors(config)
}

function boltTensors(config: BoltConfig): Shapes {
  const { width, patch, quantiles, predictionLength } = config
  const encoder = blocks('encoder', config.layers, {
    ...attention('layer.0.SelfAttention', config),
    ...norm('layer.0', config),
    ...feedForward('layer.1.DenseReluDense', config),
    ...norm('layer.1', config),
  })
  const decoder = blocks('decoder', config.decoderLayers, {
    // the only key of the decoder is its start token: neither queries nor keys matter
    ...pick(attention('layer.0.SelfAttention', config), ['v', 'o']),
    ...norm('layer.0', config),
    ...attention('layer.1.EncDecAttention', config),
    ...norm('layer.1', config),
    ...feedForward('layer.2.DenseReluDense', config),
    ...norm('layer.2', config),
  })
  return {
    'shared.weight': [config.vocabulary, width],
    ...residualBlock('input_patch_embedding', [2 * patch, config.feedForward, width]),
    ...encoder,
    'encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight': [config.buckets, config.heads],
    'encoder.final_layer_norm.weight': [width],
    ...decoder,
    'decoder.final_layer_norm.weight': [width],
    ...residualBlock('output_patch_embedding', [width, config.feedForward, quantiles.length * predictionLength]),
  }
}

function chronos2Tensors(config: Chronos2Config): Shapes {
  const { width, patch, quantiles } = config
  return {
    'shared.weight': [config.vocabulary, width],
    ...residualBlock('input_patch_embedding', [3 * patch, config.feedForward, width]),
    ...blocks('encoder', config.layers, {
      ...attention('layer.0.self_attention', config),
      ...norm('layer.0', config),
      ...attention('layer.1.self_attention', config),
      ...norm('layer.1', config),
      ...feedForward('layer.2.mlp', config),
      ...norm('layer.2', config),
    }),
    'encoder.final_layer_norm.weight': [width],
    ...residualBlock('output_patch_embedding', [width, config.feedForward, quantiles.length * patch]),
  }
}

type Sizes = Pick<ChronosConfig, 'width' | 'feedForward' | 'heads' | 'headWidth'>

function attention(name: string, { width, heads, headWidth }: Sizes): Shapes {
  const inner = heads * headWidth
  const projection = [inner, width]
  return {
    [`${name}.q.weight`]: projection,
    [`${name}.k.weight`]: projection,
    [`${name}.v.weight`]: projection,
    [`${name}.o.weight`]: [width, inner],
  }
}

function feedForward(name: string, sizes: Sizes): Shapes {
  return {
    [`${name}.wi.weight`]: [sizes.feedForward, sizes.width],
    [`${name}.wo.weight`]: [sizes.width, sizes.feedForward],
  }
}

function norm(layer: string, { width }: Sizes): Shapes {
  return { [`${layer}.layer_norm.weight`]: [width] }
}

function residualBlock(name: string, [input, hidden, output]: readonly [number, number, number]): Shapes {
  return {
    [`${name}.hidden_layer.weight`]: [hidden, input],
    [`${name}.hidden_layer.bias`]: [hidden],
    [`${name}.output_layer.weight`]: [output, hidden],
    [`${name}.output_layer.bias`]: [output],
    [`${name}.residual_layer.weight`]: [output, input],
    [`${name}.residual_layer.bias`]: [output],
  }
}

function blocks(stack: string, layers: number, block: Shapes): Shapes {
  const named = Array.from({ length: layers }, (_, i) =>
    Object.entries(block).map(([name, shape]) => [`${stack}.block.${i}.${name}`, shape] as const),
  )
  return Object.fromEntries(named.flat())
}

function pick(shapes: Shapes, projections: readonly string[]): Shapes {
  return Object.fromEntries(
    Object.entries(shapes).filter(([name]) => projections.includes(name.split('.').at(-2) ?? '')),
  )
}
