/** Sizes of a published checkpoint, or what its published number of parameters says about them. */
export interface Shape {
  readonly name: string
  readonly family: 'bolt' | 'chronos2'
  readonly width: number
  readonly feedForward: number
  readonly heads: number
  readonly layers: number
  /** Bolt only. */
  readonly decoderLayers: number
}

const bolt = (name: string, [width, heads, layers]: readonly [number, number, number]): Shape => ({
  ...{ name, family: 'bolt', width, feedForward: 4 * width, heads, layers, decoderLayers: layers },
})
const chronos2 = (name: string, [width, heads, layers]: readonly [number, number, number]): Shape => ({
  ...{ name, family: 'chronos2', width, feedForward: 4 * width, heads, layers, decoderLayers: 0 },
})

export const shapes: readonly Shape[] = [
  bolt('bolt-tiny', [256, 4, 4]),
  bolt('bolt-mini', [384, 8, 4]),
  bolt('bolt-small', [512, 8, 6]),
  bolt('bolt-base', [768, 12, 12]),
  chronos2('chronos-2 28M', [512, 8, 6]),
  chronos2('chronos-2 120M', [768, 12, 12]),
]

export const headWidth = 64
export const patch = 16
/** Steps that are forecast: one pass of Bolt. */
export const horizon = 64
export const boltLevels = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
export const chronos2Levels = [0.01, ...Array.from({ length: 19 }, (_, i) => (i + 1) / 20), 0.99]

/** Floating point operations of one series, multiplications and additions apart; what the graph does, not the paper. */
export function operationsOf(shape: Shape, context: number): number {
  const { family, width: d, feedForward: f, heads, layers, decoderLayers } = shape
  const inner = heads * headWidth
  const contextPatches = Math.ceil(context / patch)
  const residualBlock = (input: number, output: number) => 2 * (input * f + f * output + input * output)
  if (family === 'bolt') {
    const tokens = contextPatches + 1
    const encoder = layers * (2 * tokens * (4 * d * inner + 2 * d * f) + 4 * tokens ** 2 * inner)
    // keys and values are absorbed: what is left of the cross attention is a query's, and two products with the states
    const decoder = decoderLayers * (2 * (6 * d * inner + 2 * d * f) + 4 * heads * tokens * d)
    const head = residualBlock(d, boltLevels.length * horizon)
    return contextPatches * residualBlock(2 * patch, d) + encoder + decoder + head
  }
  const futurePatches = horizon / patch
  const tokens = contextPatches + 1 + futurePatches
  const encoder = layers * (2 * tokens * (6 * d * inner + 2 * d * f) + 4 * tokens ** 2 * inner)
  const embedding = (contextPatches + futurePatches) * residualBlock(3 * patch, d)
  return embedding + encoder + futurePatches * residualBlock(d, chronos2Levels.length * patch)
}
