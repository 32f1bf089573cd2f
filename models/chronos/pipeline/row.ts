/** A context ready for its network. */
export interface Row {
  /** Without the gaps at the beginning: they say nothing, and cost patches. Other gaps are NaN or infinite. */
  readonly values: Float64Array
  readonly loc: number
  readonly scale: number
}

// what both libraries put in the place of a scale that is exactly zero
const constantScale = 1e-5

/** A context from its first value on. */
export function fromFirstValue(context: Float64Array): Float64Array {
  const start = context.findIndex(Number.isFinite)
  return start < 0 ? new Float64Array() : context.subarray(start)
}

/** Mean and population standard deviation of the finite values, in float64: float32 loses them where loc >> scale. */
export function prepareRow(context: Float64Array): Row {
  const values = fromFirstValue(context)
  const [first] = values
  if (first === undefined) return { values, loc: 0, scale: 1 }
  // relative to one of the values, so that neither sums nor squares overflow, and constants stay exact
  const reach = values.reduce(
    (most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value - first)) : most),
    0,
  )
  if (reach === 0) return { values, loc: first, scale: constantScale }
  const mean = meanOf(values, (value) => (value - first) / reach)
  const variance = meanOf(values, (value) => ((value - first) / reach - mean) ** 2)
  return { values, loc: first + mean * reach, scale: Math.sqrt(variance) * reach }
}

function meanOf(values: Float64Array, term: (value: number) => number): number {
  let sum = 0
  let count = 0
  for (const value of values) {
    if (!Number.isFinite(value)) continue
    sum += term(value)
    count += 1
  }
  return sum / count
}
