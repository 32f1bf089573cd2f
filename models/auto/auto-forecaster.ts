import type { Forecast, Forecaster, ForecastRequest } from '../forecaster.ts'
import { pinballLoss, type QuantilePaths } from './pinball-loss.ts'
import {
  addLosses,
  decodeRecord,
  encodeRecord,
  judgedLevels,
  judgedPaths,
  type Record,
  type Standing,
} from './record.ts'

export interface AutoOptions {
  /** Forecasts everything; the others join where they are clearly better. */
  readonly model: Forecaster
  readonly others: readonly Forecaster[]
}

// measured on nine public data sets: half-way to the better one beats changing over, and .7 beats .5
const margin = 0.7
// so many times worse than before: what was learned no longer holds
const drift = 3
// fewer steps say nothing about a forecaster
const minObserved = 8

/**
 * The model, or its mean with the best other member where that one's loss was below 0.7 of the model's. Losses come from
 * the forecast's record: what the last forecasts of the series got wrong. A series without one, or one that has changed,
 * is back-tested on the last steps of its context, which costs a second inference.
 * Every forecast bears a record for the next. Members are closed by who made them.
 */
export function autoForecaster({ model, others }: AutoOptions): Forecaster {
  const members = [model, ...others]
  return {
    name: 'auto',
    ...(model.revision !== undefined && { revision: model.revision }),
    minContext: model.minContext,
    maxContext: Math.max(...members.map(({ maxContext }) => maxContext)),
    async forecast(request, signal) {
      const run = { request, members, signal }
      // the network computes in threads of its own, the simple members in this one
      const [own, standings] = await Promise.all([
        model.forecast({ ...request, levels: withJudged(request.levels) }, signal),
        judgeSeries(run),
      ])
      const mixed = await mixBest(run, own, standings)
      return mixed.map((forecast, row) => ({
        ...forecast,
        record: encodeRecord({
          ...standings[row]!,
          ...{ originMs: request.endMs, stepMs: request.stepMs, model: judgedPaths(own[row]!) },
        }),
      }))
    },
    close: async () => {},
  }
}

interface AutoRun {
  readonly request: ForecastRequest
  /** The model first. */
  readonly members: readonly Forecaster[]
  readonly signal: AbortSignal | undefined
}

const unjudged = ({ members }: AutoRun): Standing => ({ weight: 0, losses: members.map(() => Number.NaN) })

function withJudged(levels: readonly number[]): number[] {
  return [...new Set([...levels, ...judgedLevels])].sort((a, b) => a - b)
}

/** One standing per series: carried on from its record, or from a back-test. */
async function judgeSeries(run: AutoRun): Promise<Standing[]> {
  const { contexts } = run.request
  const standings = new Array<Standing>(contexts.length).fill(unjudged(run))
  const recorded = recordedRows(run)
  for (const { rows, elapsed } of byElapsed(recorded)) {
    const paths = rows.map((row) => recorded.get(row)!.record.model)
    const windows = await judgeWindow(run, { rows, back: elapsed, modelPaths: paths })
    for (const [i, row] of rows.entries()) {
      const { record } = recorded.get(row)!
      const window = windows[i]!
      if (hasDrifted(record, window)) recorded.delete(row)
      else standings[row] = addLosses(record, window, elapsed * run.request.stepMs)
    }
  }
  const unknown = [...contexts.keys()].filter((row) => !recorded.has(row))
  for (const { rows, back } of backTests(run, unknown)) {
    const windows = await judgeWindow(run, { rows, back })
    for (const [i, row] of rows.entries()) standings[row] = windows[i]!
  }
  return standings
}

interface Recorded {
  readonly record: Record
  /** Steps since the record's forecast. */
  readonly elapsed: number
}

/** Rows whose record belongs to this series of steps, and whose context reaches well behind it. */
function recordedRows({ request, members }: AutoRun): Map<number, Recorded> {
  const found = new Map<number, Recorded>()
  for (const [row, bytes] of (request.records ?? []).entries()) {
    const record = bytes && decodeRecord(bytes, members.length)
    if (!record || record.stepMs !== request.stepMs) continue
    const elapsed = Math.round((request.endMs - record.originMs) / request.stepMs)
    if (elapsed >= 0 && 2 * elapsed <= request.contexts[row]!.length) found.set(row, { record, elapsed })
  }
  return found
}

function byElapsed(recorded: ReadonlyMap<number, Recorded>): { readonly rows: number[]; readonly elapsed: number }[] {
  const groups = new Map<number, number[]>()
  for (const [row, { elapsed }] of recorded) groups.set(elapsed, [...(groups.get(elapsed) ?? []), row])
  return [...groups].map(([elapsed, rows]) => ({ rows, elapsed }))
}

function hasDrifted(before: Standing, window: Standing): boolean {
  return before.weight >= minObserved && window.weight >= minObserved && window.losses[0]! > drift * before.losses[0]!
}

/** A back-test is as long as the forecast, and at most a quarter of the context. */
function backTests(
  { request }: AutoRun,
  rows: readonly number[],
): { readonly rows: number[]; readonly back: number }[] {
  const groups = new Map<number, number[]>()
  for (const row of rows) {
    const back = Math.min(request.horizon, Math.floor(request.contexts[row]!.length / 4))
    if (back >= minObserved) groups.set(back, [...(groups.get(back) ?? []), row])
  }
  return [...groups].map(([back, group]) => ({ back, rows: group }))
}

interface Window {
  readonly rows: readonly number[]
  /** Steps between the forecasts to judge and the end of the contexts. */
  readonly back: number
  /** What the model said then; without them it is asked now. */
  readonly modelPaths?: readonly QuantilePaths[]
}

/** What every member would have got wrong `back` steps ago, up to now. */
async function judgeWindow(run: AutoRun, { rows, back, modelPaths }: Window): Promise<Standing[]> {
  if (back === 0) return rows.map(() => unjudged(run))
  const { request, members, signal } = run
  const whole = rows.map((row) => request.contexts[row]!)
  const past = {
    contexts: whole.map((context) => context.subarray(0, context.length - back)),
    endMs: request.endMs - back * request.stepMs,
    ...{ stepMs: request.stepMs, horizon: back, levels: judgedLevels },
  }
  const paths = await Promise.all(
    members.map(async (member, i) =>
      i === 0 && modelPaths
        ? modelPaths
        : (await member.forecast(past, signal)).map((forecast) => judgedPaths(forecast, back)),
    ),
  )
  return rows.map((_, i) => {
    const actual = whole[i]!.subarray(-back)
    // all are judged by the steps that are known of the model's forecast
    const judged = actual.subarray(0, paths[0]![i]!.steps)
    const losses = paths.map((all) => pinballLoss(all[i]!, judged))
    const [model] = losses
    return { losses: losses.map(({ mean }) => mean), weight: Number.isFinite(model!.mean) ? model!.observed : 0 }
  })
}

/** Half-way to the best other member where it was clearly better. */
async function mixBest(run: AutoRun, own: readonly Forecast[], standings: readonly Standing[]): Promise<Forecast[]> {
  const { request, members, signal } = run
  const mixed = own.map((forecast) => pickLevels(forecast, request.levels))
  const chosen = standings.map(bestOther)
  for (const [i, member] of members.entries()) {
    const rows = [...chosen.keys()].filter((row) => i > 0 && chosen[row] === i)
    if (rows.length === 0) continue
    const contexts = rows.map((row) => request.contexts[row]!)
    const theirs = await member.forecast({ ...request, contexts }, signal)
    for (const [j, row] of rows.entries()) mixed[row] = meanOf(mixed[row]!, theirs[j]!)
  }
  return mixed
}

/** 0, the model itself, unless another one is clearly better. */
function bestOther({ losses, weight }: Standing): number {
  if (weight < minObserved) return 0
  let best = 0
  for (let i = 1; i < losses.length; i++) {
    if (losses[i]! < margin * losses[0]! && (best === 0 || losses[i]! < losses[best]!)) best = i
  }
  return best
}

function pickLevels({ levels, quantiles, median }: Forecast, wanted: readonly number[]): Forecast {
  const picked = new Float64Array(wanted.length * median.length)
  for (const [i, level] of wanted.entries()) {
    const from = levels.indexOf(level) * median.length
    picked.set(quantiles.subarray(from, from + median.length), i * median.length)
  }
  return { levels: wanted, quantiles: picked, median }
}

/** Level by level (Vincentization): what is ordered in both stays ordered. */
function meanOf(a: Forecast, b: Forecast): Forecast {
  return { levels: a.levels, quantiles: halfWay(a.quantiles, b.quantiles), median: halfWay(a.median, b.median) }
}

// halves first: the sum of two huge values is infinite
const halfWay = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, i) => value / 2 + b[i]! / 2)
