/** Quantiles of what a rule got wrong over some distance. */
export interface Knot {
  /** How far ahead, in whatever unit the rule counts. */
  readonly distance: number
  /** One for each level. */
  readonly quantiles: Float64Array
}

/** Linear between knots, the outermost beyond them. Knots ascend by distance, and there is one at least. */
export function errorsAt(knots: readonly Knot[], distance: number): Float64Array {
  const next = knots.findIndex((knot) => knot.distance >= distance)
  const above = knots.at(next)!
  const below = knots[next - 1]
  if (!below || next < 0) return above.quantiles
  const share = (distance - below.distance) / (above.distance - below.distance)
  const between = new Float64Array(above.quantiles.length)
  for (let i = 0; i < between.length; i++) {
    // rounded alike at every level, so that none crosses another by a last digit
    between[i] = (1 - share) * below.quantiles[i]! + share * above.quantiles[i]!
  }
  return between
}
