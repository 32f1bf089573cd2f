import type { Forecaster } from './forecaster.ts'
import { quantilesOf } from './quantiles.ts'
import { longestContext } from './usual-seasons.ts'

// as the baseline of the training package has it
const window = 64

/** Every step ahead is like the last 64 values: best where a level holds for a while and there is no pattern. */
export function rollingQuantiles(): Forecaster {
  return {
    name: 'rolling-quantiles',
    minContext: 1,
    maxContext: longestContext,
    async forecast({ contexts, horizon, levels }, signal) {
      return contexts.map((context) => {
        signal?.throwIfAborted()
        const values = quantilesOf(newestValues(context.subarray(-longestContext)), [...levels, 0.5])
        const quantiles = new Float64Array(levels.length * horizon)
        for (let i = 0; i < levels.length; i++) quantiles.fill(values[i]!, i * horizon, (i + 1) * horizon)
        return { levels, quantiles, median: new Float64Array(horizon).fill(values[levels.length]!) }
      })
    },
    close: async () => {},
  }
}

function newestValues(context: Float64Array): Float64Array {
  const newest = new Float64Array(window)
  let count = 0
  for (let i = context.length - 1; i >= 0 && count < window; i--) {
    if (Number.isFinite(context[i])) newest[count++] = context[i]!
  }
  return newest.subarray(0, count)
}
