import type { Forecaster } from '../../models/forecaster.ts'
import { groupBy } from '../../models/group-by.ts'
import type { Forecasters } from '../../tasks/deps.ts'
import { levels } from './levels.ts'
import { type Measures, measure } from './measures.ts'
import { empiricalNaive, naive, normalTheta } from './references.ts'
import type { RealSeries } from './sources.ts'
import { type Window, windowsOf } from './windows.ts'

/** One forecast of one window. */
export interface Line extends Measures {
  readonly model: string
  /** Context and horizon, as `512/64`. */
  readonly cell: string
  readonly dataset: string
  readonly series: string
}

/** Textbook forecasters that are told the season; losses are relative to the first. */
export const references = { naive, 'naive-empirical': empiricalNaive, 'theta-normal': normalTheta } as const

const contexts = [512, 2_048]
const horizons = [24, 64, 256]
/** Steps of a series that gives at least one window. */
export const shortestSeries = Math.min(...contexts) + Math.min(...horizons)
// enough for full batches on every core, and a forecast of 256 steps at 21 levels of each fits into 11 MB
const seriesPerCall = 256

export interface Evaluation {
  readonly series: readonly RealSeries[]
  readonly forecasters: Pick<Forecasters, 'get'>
  readonly models: readonly string[]
  /** Every n-th window of a data set. */
  readonly every: number
  readonly say: (line: string) => void
}

export async function evaluate({ series, forecasters, models, every, say }: Evaluation): Promise<Line[]> {
  const lines: Line[] = []
  for (const context of contexts) {
    for (const horizon of horizons) {
      const windows = everyNth(
        series.flatMap((one) => windowsOf(one, context, horizon)),
        every,
      )
      const cell = `${context}/${horizon}`
      for (const [model, forecast] of Object.entries(references)) {
        lines.push(...windows.map((window) => lineOf({ model, cell, window }, forecast(window, horizon))))
      }
      for (const model of models) {
        const startedMs = performance.now()
        lines.push(...(await linesOf(forecasters.get(model), windows, { model, cell, horizon })))
        say(`${cell} ${model}: ${windows.length} windows in ${Math.round(performance.now() - startedMs)} ms`)
      }
    }
  }
  return lines
}

/** Of every data set by itself. */
function everyNth(windows: readonly Window[], n: number): Window[] {
  const bySet = groupBy(windows, ({ series }) => series.dataset)
  return [...bySet.values()].flatMap((group) => group.filter((_, i) => i % n === 0))
}

function lineOf(
  { model, cell, window }: Pick<Line, 'model' | 'cell'> & { readonly window: Window },
  quantiles: Float64Array,
): Line {
  const { dataset, name } = window.series
  return { model, cell, dataset, series: name, ...measure(window, quantiles) }
}

async function linesOf(
  forecaster: Forecaster,
  windows: readonly Window[],
  { model, cell, horizon }: Pick<Line, 'model' | 'cell'> & { readonly horizon: number },
): Promise<Line[]> {
  const lines: Line[] = []
  for (const group of groupBy(windows, ({ series }) => series.stepMs).values()) {
    for (let first = 0; first < group.length; first += seriesPerCall) {
      const batch = group.slice(first, first + seriesPerCall)
      const contexts = batch.map(({ context }) => context)
      const { stepMs } = batch[0]!.series
      const made = await forecaster.forecast({ contexts, endMs: 0, stepMs, horizon, levels })
      lines.push(...batch.map((window, i) => lineOf({ model, cell, window }, made[i]!.quantiles)))
    }
  }
  return lines
}
