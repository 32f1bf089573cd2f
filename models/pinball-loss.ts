/** Quantile paths of one series: `levels.length x steps`, level-major. */
export interface QuantilePaths {
  readonly levels: readonly number[]
  readonly quantiles: ArrayLike<number>
  readonly steps: number
}

export interface Loss {
  /** Mean of 2 x pinball loss over levels and observed steps, in the unit of the series; NaN where nothing was observed. */
  readonly mean: number
  /** Steps that had a value. */
  readonly observed: number
}

/** Twice the pinball loss (Koenker and Bassett 1978), so that the median's is its absolute error. Gaps do not count. */
export function pinballLoss({ levels, quantiles, steps }: QuantilePaths, actual: ArrayLike<number>): Loss {
  let sum = 0
  let observed = 0
  for (let h = 0; h < Math.min(steps, actual.length); h++) {
    const value = actual[h]!
    if (!Number.isFinite(value)) continue
    observed++
    for (let i = 0; i < levels.length; i++) {
      const over = value - quantiles[i * steps + h]!
      sum += 2 * over * (over >= 0 ? levels[i]! : levels[i]! - 1)
    }
  }
  return { mean: sum / (observed * levels.length), observed }
}
