/** Without a wish: the edges of the 80 % interval, and the median. */
const defaultLevels = [0.1, 0.5, 0.9]

export interface LevelWish {
  readonly quantileLevels?: readonly number[] | undefined
  /** Share of futures between lower and upper, in (0, 1). */
  readonly confidenceLevel?: number | undefined
}

/** Quantile levels to ask a model for, ascending: 0.95 is 0.025, 0.5 and 0.975. */
export function chooseLevels({ quantileLevels, confidenceLevel }: LevelWish): readonly number[] {
  if (quantileLevels) return quantileLevels.toSorted((a, b) => a - b)
  if (confidenceLevel === undefined) return defaultLevels
  return [rounded((1 - confidenceLevel) / 2), 0.5, rounded((1 + confidenceLevel) / 2)]
}

// (1 - 0.95) / 2 is 0.025000000000000022
const rounded = (level: number): number => Number(level.toPrecision(12))
