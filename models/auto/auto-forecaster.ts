import type { Forecast, Forecaster } from '../forecaster.ts'
import { groupBy } from '../group-by.ts'
import { type AutoRun, bestMember, judgeSeries } from './judge-series.ts'
import { encodeRecord, judgedLevels, judgedPaths, membersTag, pathsAt, type Standing } from './record.ts'

export interface AutoOptions {
  /** Forecasts everything; the others join where they are clearly better. */
  readonly model: Forecaster
  readonly others: readonly Forecaster[]
}

/**
 * The model, or its mean with the best other member where that one's loss was below 0.7 of the model's. Losses come from
 * the forecast's record: what the last forecasts of the series got wrong. A series without one, or one that has changed,
 * is back-tested on the last steps of its context, which costs a second inference.
 * Every forecast bears a record for the next. Members are closed by who made them.
 */
export function autoForecaster({ model, others }: AutoOptions): Forecaster {
  const members = [model, ...others]
  const tag = membersTag(members)
  return {
    name: 'auto',
    minContext: model.minContext,
    maxContext: Math.max(...members.map(({ maxContext }) => maxContext)),
    async forecast(request, signal) {
      const run = { request, members, tag, signal }
      // the network computes in threads of its own, the simple members in this one
      const [own, standings] = await Promise.all([
        model.forecast({ ...request, levels: withJudged(request.levels) }, signal),
        judgeSeries(run),
      ])
      const mixed = await mixBest(run, own, standings)
      return mixed.map((forecast, row) => ({
        ...forecast,
        record: encodeRecord(
          { ...standings[row]!, originMs: request.endMs, stepMs: request.stepMs, model: judgedPaths(own[row]!) },
          tag,
        ),
      }))
    },
    close: async () => {},
  }
}

function withJudged(levels: readonly number[]): number[] {
  return [...new Set([...levels, ...judgedLevels])].sort((a, b) => a - b)
}

/** Half-way to the best other member where it was clearly better. */
async function mixBest(run: AutoRun, own: readonly Forecast[], standings: readonly Standing[]): Promise<Forecast[]> {
  const { request, members, signal } = run
  const { endMs, stepMs, horizon, levels } = request
  const mixed = own.map((forecast) => pickLevels(forecast, levels))
  for (const [best, rows] of groupBy(standings.keys(), (row) => bestMember(standings[row]!))) {
    if (best === 0) continue
    const contexts = rows.map((row) => request.contexts[row]!)
    const theirs = await members[best]!.forecast({ contexts, endMs, stepMs, horizon, levels }, signal)
    for (const [j, row] of rows.entries()) mixed[row] = meanOf(mixed[row]!, theirs[j]!)
  }
  return mixed
}

function pickLevels(forecast: Forecast, wanted: readonly number[]): Forecast {
  const { median } = forecast
  return { levels: wanted, quantiles: pathsAt(forecast, wanted, median.length), median }
}

/** Level by level (Vincentization): what is ordered in both stays ordered. */
function meanOf(a: Forecast, b: Forecast): Forecast {
  return { levels: a.levels, quantiles: halfWay(a.quantiles, b.quantiles), median: halfWay(a.median, b.median) }
}

// halves first: the sum of two huge values is infinite
const halfWay = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, i) => value / 2 + b[i]! / 2)
