import type { Forecaster, ForecastRequest } from '../forecaster.ts'
import { groupBy } from '../group-by.ts'
import { pinballLoss, type QuantilePaths } from '../pinball-loss.ts'
import { addLosses, decodeRecord, judgedLevels, judgedPaths, type Standing, type TrackRecord } from './record.ts'

// measured on nine public data sets: half-way to the better one beats changing over, and .7 beats .5
const margin = 0.7
// so many times worse than before: what was learned no longer holds
const drift = 3
/** Fewer steps say nothing about a forecaster. */
const minObserved = 8

export interface AutoRun {
  readonly request: ForecastRequest
  /** The model first. */
  readonly members: readonly Forecaster[]
  /** Of the members' records. */
  readonly tag: number
  readonly signal: AbortSignal | undefined
}

const unjudged = ({ members }: AutoRun): Standing => ({ weight: 0, losses: members.map(() => Number.NaN) })

/** One standing per series: carried on from its record, or from a back-test. */
export async function judgeSeries(run: AutoRun): Promise<Standing[]> {
  const { contexts } = run.request
  const standings = new Array<Standing>(contexts.length).fill(unjudged(run))
  const recorded = recordedRows(run)
  for (const { rows, back } of byWindow([...recorded.keys()], (row) => recorded.get(row)!.elapsed)) {
    const modelPaths = rows.map((row) => recorded.get(row)!.record.model)
    const windows = await judgeWindow(run, { rows, back, modelPaths })
    for (const [i, row] of rows.entries()) {
      const { record } = recorded.get(row)!
      const window = windows[i]!
      if (hasDrifted(record, window)) recorded.delete(row)
      else standings[row] = addLosses(record, window, back * run.request.stepMs)
    }
  }
  const unknown = [...contexts.keys()].filter((row) => !recorded.has(row))
  for (const [row, standing] of await backTest(run, unknown, backTestOf)) standings[row] = standing
  const inDoubt = unknown.filter((row) => bestMember(standings[row]!) > 0 && isShort(run, row))
  for (const [row, longer] of await backTest(run, inDoubt, longestBackTest)) {
    standings[row] = secondOpinion(standings[row]!, longer)
  }
  return standings
}

async function backTest(
  run: AutoRun,
  judged: readonly number[],
  backOf: (run: AutoRun, row: number) => number,
): Promise<Map<number, Standing>> {
  const standings = new Map<number, Standing>()
  for (const { rows, back } of byWindow(judged, (row) => backOf(run, row))) {
    if (back < minObserved) continue
    const windows = await judgeWindow(run, { rows, back })
    for (const [i, row] of rows.entries()) standings.set(row, windows[i]!)
  }
  return standings
}

/**
 * On the plateau of a wave whoever draws a straight line is best, up to its end. So where a member could join, the members
 * are judged over a longer window too, and who is worse than the model there is as much worse.
 */
function secondOpinion(short: Standing, long: Standing): Standing {
  const [own, ownLong] = [short.losses[0]!, long.losses[0]!]
  const judge = (loss: number, longLoss: number) =>
    longLoss < ownLong ? loss : Math.max(loss, (own * longLoss) / ownLong)
  return { weight: short.weight, losses: short.losses.map((loss, i) => judge(loss, long.losses[i]!)) }
}

/** 0, the model itself, unless another one is clearly better. */
export function bestMember({ losses, weight }: Standing): number {
  if (weight < minObserved) return 0
  let best = 0
  for (let i = 1; i < losses.length; i++) {
    if (losses[i]! < margin * losses[0]! && (best === 0 || losses[i]! < losses[best]!)) best = i
  }
  return best
}

interface Recorded {
  readonly record: TrackRecord
  /** Steps since the record's forecast. */
  readonly elapsed: number
}

/** Rows whose record is of these members and steps, and whose context reaches well behind it. */
function recordedRows({ request, members, tag }: AutoRun): Map<number, Recorded> {
  const found = new Map<number, Recorded>()
  for (const [row, bytes] of (request.records ?? []).entries()) {
    const record = bytes && decodeRecord(bytes, tag, members.length)
    if (!record || record.stepMs !== request.stepMs) continue
    const elapsed = Math.round((request.endMs - record.originMs) / request.stepMs)
    if (elapsed >= 0 && 2 * elapsed <= request.contexts[row]!.length) found.set(row, { record, elapsed })
  }
  return found
}

function hasDrifted(before: Standing, window: Standing): boolean {
  return before.weight >= minObserved && window.weight >= minObserved && window.losses[0]! > drift * before.losses[0]!
}

/** A back-test is as long as the forecast, and at most a quarter of the context. */
function backTestOf(run: AutoRun, row: number): number {
  return Math.min(run.request.horizon, longestBackTest(run, row))
}

const isShort = (run: AutoRun, row: number) => backTestOf(run, row) < longestBackTest(run, row)

/**
 * A quarter of the context, and at most half of what the model sees of one, which it forecasts in one pass: of a week
 * of minutes a quarter took four times as long.
 */
function longestBackTest({ request, members }: AutoRun, row: number): number {
  return Math.floor(Math.min(request.contexts[row]!.length / 4, members[0]!.maxContext / 2))
}

/** Rows that are judged over the same steps are judged at once. */
function byWindow(rows: readonly number[], backOf: (row: number) => number): Pick<Window, 'rows' | 'back'>[] {
  return [...groupBy(rows, backOf)].map(([back, together]) => ({ rows: together, back }))
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
