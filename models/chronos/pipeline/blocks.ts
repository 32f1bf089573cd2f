/** Steps of a forecast: `levels x steps`, level-major. */
export type Block = Float64Array

/** Values of a network's output, each made into another. */
export function mapOutput(output: Float32Array, transform: (value: number) => number): Block {
  const block = new Float64Array(output.length)
  for (let i = 0; i < output.length; i++) block[i] = transform(output[i]!)
  return block
}

/** The newest `longest` values of a context with more values at its end. */
export function extend(context: Float64Array, more: Float64Array, longest: number): Float64Array {
  const length = Math.min(context.length + more.length, longest)
  const extended = new Float64Array(length)
  const kept = Math.max(0, length - more.length)
  extended.set(context.subarray(context.length - kept))
  extended.set(more.subarray(Math.max(0, more.length - longest)), kept)
  return extended
}

/** Path of one level. */
export function pathOf(block: Block, level: number, steps: number): Float64Array {
  return block.subarray(level * steps, (level + 1) * steps)
}

/** Blocks one after the other in time, cut to the horizon. */
export function joinBlocks(blocks: readonly Block[], levels: number, horizon: number): Block {
  const joined = new Float64Array(levels * horizon)
  let start = 0
  for (const block of blocks) {
    const steps = block.length / levels
    const used = Math.min(steps, horizon - start)
    for (let level = 0; level < levels; level++) {
      joined.set(pathOf(block, level, steps).subarray(0, used), level * horizon + start)
    }
    start += steps
  }
  return joined
}
