import type { Block } from './blocks.ts'

/** Puts the values of each step in ascending order, so that no level crosses another. */
export function sortLevels(block: Block, levels: number): Block {
  const steps = block.length / levels
  const sorted = new Float64Array(block.length)
  const column = new Float64Array(levels)
  for (let step = 0; step < steps; step++) {
    for (let level = 0; level < levels; level++) column[level] = block[level * steps + step]!
    sortFew(column)
    for (let level = 0; level < levels; level++) sorted[level * steps + step] = column[level]!
  }
  return sorted
}

/** In place; levels cross rarely, so most are in order already. */
function sortFew(values: Float64Array): void {
  for (let i = 1; i < values.length; i++) {
    const value = values[i]!
    let place = i
    for (; place > 0 && values[place - 1]! > value; place--) values[place] = values[place - 1]!
    values[place] = value
  }
}

/** The block at other levels: linear between the trained ones, flat beyond the first and the last. */
export function interpolateLevels(block: Block, trained: readonly number[], wanted: readonly number[]): Block {
  const steps = block.length / trained.length
  const made = new Float64Array(wanted.length * steps)
  for (const [i, level] of wanted.entries()) {
    const [below, above, share] = bracket(trained, level)
    for (let step = 0; step < steps; step++) {
      const lower = block[below * steps + step]!
      made[i * steps + step] = share === 0 ? lower : lower + share * (block[above * steps + step]! - lower)
    }
  }
  return made
}

function bracket(trained: readonly number[], level: number): readonly [below: number, above: number, share: number] {
  const last = trained.length - 1
  if (level <= trained[0]!) return [0, 0, 0]
  if (level >= trained[last]!) return [last, last, 0]
  const above = trained.findIndex((other) => other > level)
  const below = above - 1
  return [below, above, (level - trained[below]!) / (trained[above]! - trained[below]!)]
}
