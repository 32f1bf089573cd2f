/** The 21 levels of Chronos-2, which all are asked for. */
export const levels: readonly number[] = [
  0.01, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.99,
]

const upperNormal = [
  0, 0.12566134685507402, 0.2533471031357997, 0.38532046640756773, 0.5244005127080407, 0.6744897501960817,
  0.8416212335729143, 1.0364333894937898, 1.2815515655446004, 1.6448536269514722, 2.3263478740408408,
]

/** Quantiles of the normal distribution at these levels. */
export const normalQuantiles: readonly number[] = [
  ...upperNormal
    .slice(1)
    .reverse()
    .map((quantile) => -quantile),
  ...upperNormal,
]

/** By its place among the levels. */
export const indexOf = { p01: 0, p10: 2, p50: 10, p90: 18, p99: 20 } as const
