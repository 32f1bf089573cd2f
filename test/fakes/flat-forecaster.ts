import type { Forecast, Forecaster } from '../../models/forecaster.ts'

/** Forecasts one value with a band of +-1, and counts the series it was asked for. */
export function flat(name: string, value: number): Forecaster & { asked: number } {
  return {
    ...{ name, minContext: 1, maxContext: 1_000, asked: 0 },
    async forecast({ contexts, horizon, levels }) {
      this.asked += contexts.length
      return contexts.map((context): Forecast => {
        const known = context.some(Number.isFinite) ? value : Number.NaN
        return {
          levels,
          quantiles: Float64Array.from(levels.flatMap((level) => new Array(horizon).fill(known + 2 * level - 1))),
          median: new Float64Array(horizon).fill(known),
        }
      })
    },
    close: async () => {},
  }
}
