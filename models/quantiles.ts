// for more levels a full sort is quicker: of 512 values, 21 levels take a fifth of the time
const mostSelected = 6

/**
 * Quantiles of values without NaN, linear between order statistics; NaN of no values. Reorders the values.
 * Selection instead of a full sort: three levels of 2,000 values take a third of the time.
 */
export function quantilesOf(values: Float64Array, levels: readonly number[]): Float64Array {
  const isSorted = levels.length > mostSelected
  if (isSorted) values.sort()
  return Float64Array.from(levels, (level) => quantileOf(values, level, isSorted))
}

function quantileOf(values: Float64Array, level: number, isSorted: boolean): number {
  if (values.length === 0) return Number.NaN
  const position = (values.length - 1) * level
  const rank = Math.floor(position)
  const below = isSorted ? values[rank]! : select(values, rank)
  if (rank === position) return below
  const above = isSorted ? values[rank + 1]! : least(values, rank + 1)
  return below + (position - rank) * (above - below)
}

function least(values: Float64Array, from: number): number {
  let found = Number.POSITIVE_INFINITY
  for (let i = from; i < values.length; i++) if (values[i]! < found) found = values[i]!
  return found
}

/** Puts the value of this rank in its place: no greater ones before it, no smaller ones after it. */
function select(values: Float64Array, rank: number): number {
  let left = 0
  let right = values.length - 1
  while (left < right) {
    const [before, after] = partition(values, left, right)
    if (rank > before && rank < after) break
    if (rank <= before) right = before
    else left = after
  }
  return values[rank]!
}

/** Hoare: values up to the first index are at most the pivot, from the second on at least; between them they equal it. */
function partition(values: Float64Array, left: number, right: number): readonly [number, number] {
  const pivot = values[(left + right) >>> 1]!
  let i = left
  let j = right
  while (i <= j) {
    while (values[i]! < pivot) i += 1
    while (values[j]! > pivot) j -= 1
    if (i > j) break
    const swapped = values[i]!
    values[i++] = values[j]!
    values[j--] = swapped
  }
  return [j, i]
}
