/** How much of a batch an entry takes: entries of one batch have the same patches and rows. */
export interface BatchShape {
  readonly patches: number
  readonly rows: number
  /** Tokens of one row. */
  readonly tokens: number
}

export interface Batch<T> extends BatchShape {
  readonly entries: readonly T[]
  /** Where each entry was in the list. */
  readonly indices: readonly number[]
}

// larger batches gain nothing and leave the cache: 256 series at once are 15 to 30 % slower than 32
const mostTokens = 2_048

/**
 * Batches of entries that have the same shape. Nothing is padded, so patches are not wasted, and company changes a row's
 * result by rounding at most: a batch of one takes another kernel for some products.
 */
export function planBatches<T>(entries: readonly T[], shapeOf: (entry: T) => BatchShape): Batch<T>[] {
  const open = new Map<string, { shape: BatchShape; indices: number[] }>()
  for (const [index, entry] of entries.entries()) {
    const shape = shapeOf(entry)
    const key = `${shape.patches} ${shape.rows}`
    const group = open.get(key) ?? { shape, indices: [] }
    group.indices.push(index)
    open.set(key, group)
  }
  return [...open.values()].flatMap(({ shape, indices }) => {
    const size = Math.max(1, Math.floor(mostTokens / (shape.tokens * shape.rows)))
    const count = Math.ceil(indices.length / size)
    return Array.from({ length: count }, (_, i) => {
      const chosen = indices.slice(i * size, (i + 1) * size)
      return { ...shape, indices: chosen, entries: chosen.map((index) => entries[index]!) }
    })
  })
}
