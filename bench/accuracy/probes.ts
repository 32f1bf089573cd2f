import type { Forecast, Forecaster } from '../../models/forecaster.ts'
import { type BenchRow, row } from '../report.ts'
import { levels } from './levels.ts'
import { mean } from './mean.ts'
import { quantileLoss } from './measures.ts'
import { naive } from './references.ts'
import { ramps, type WaveKind, walks, waves, withGaps } from './waves.ts'

const dayMs = 86_400_000
const horizon = 64
const missing = 0.3
const kinds: readonly WaveKind[] = ['sine', 'square']

export interface Probed {
  readonly model: string
  readonly forecaster: Forecaster
  /** Waves of each kind. */
  readonly count: number
  /** Whether its figures have aims. */
  readonly aims: boolean
}

/**
 * What can be known beforehand, as rows called `auto, 512 p96: square`. Seasonal naive is told the period of a wave, which is
 * a day for the models, so that those know it that look for one.
 */
export async function probe(probed: Probed): Promise<BenchRow[]> {
  const rows: BenchRow[] = []
  for (const wave of [...longWaves, ...shortWaves]) rows.push(...(await waveRows(probed, wave)))
  for (const ramp of rampShapes) rows.push(...(await rampRows(probed, ramp)))
  return [...rows, await constantRow(probed), await affineRow(probed)]
}

interface WaveShape {
  readonly context: number
  readonly period: number
}

const longWaves: readonly WaveShape[] = [512, 2_048].flatMap((context) =>
  [24, 60, 96, 100, 288, 37.3, 171.6].filter((period) => context / period >= 5).map((period) => ({ context, period })),
)
const shortWaves: readonly WaveShape[] = [
  ...[2, 3, 4].flatMap((cycles) => [24, 60, 96, 100, 288].map((period) => ({ context: cycles * period, period }))),
  { context: 512, period: 288 },
  { context: 2_048, period: 1_440 },
]

async function waveRows({ model, forecaster, count, aims }: Probed, shape: WaveShape): Promise<BenchRow[]> {
  const { context, period } = shape
  const rows: BenchRow[] = []
  for (const kind of kinds) {
    const series = waves({ kind, period, length: context + horizon, count })
    const past = series.map((values) => values.subarray(0, context))
    const ahead = series.map((values) => values.subarray(context))
    const lossOf = async (contexts: readonly Float64Array[]) => {
      const made = await forecastAll(forecaster, contexts, dayMs / period)
      return mean(made.map(({ quantiles }, i) => quantileLoss(quantiles, ahead[i]!)))
    }
    const told = past.map((one) => naive({ context: one, season: Math.round(period) }, horizon))
    const complete = await lossOf(past)
    const ratio = complete / mean(told.map((quantiles, i) => quantileLoss(quantiles, ahead[i]!)))
    const name = (measure: string) => `${model}, ${context} p${period}: ${measure}`
    const aim = aims ? waveAim(kind, shape, model) : undefined
    rows.push(row(name(kind), ratio, 'of naive', aim))
    if (context / period < 5) continue
    const gaps = await lossOf(past.map((values, i) => withGaps(values, missing, i)))
    const gapAim = aims ? (kind === 'sine' ? '< 1.35' : '< 1.25') : undefined
    rows.push(row(name(`${kind} with gaps`), gaps / complete, 'of complete', gapAim))
  }
  return rows
}

function waveAim(kind: WaveKind, { context, period }: WaveShape, model: string): string | undefined {
  const cycles = context / period
  // a period between two steps is no fair match: seasonal naive has to round it
  if (!Number.isInteger(period) || (cycles < 5 && (cycles < 3 || context < 180))) return undefined
  if (cycles < 5) return kind === 'sine' ? '<= 1.1' : '<= 1.4'
  if (kind === 'sine') return '<= 0.95'
  return model === 'auto' ? '<= 1.05' : '<= 1.3'
}

interface RampShape {
  readonly context: number
  readonly slope: number
}

const rampShapes: readonly RampShape[] = [
  { context: 512, slope: 1 },
  { context: 512, slope: 0.2 },
  { context: 128, slope: 1 },
  { context: 2_048, slope: 1 },
]

/** How far the median has risen at the horizon, of how far the line has, and the loss; 0.53 would be that of who knows the line. */
async function rampRows(
  { model, forecaster, count, aims }: Probed,
  { context, slope }: RampShape,
): Promise<BenchRow[]> {
  const series = ramps(slope, context + horizon, count)
  const made = await forecastAll(
    forecaster,
    series.map((values) => values.subarray(0, context)),
  )
  const ends = made.map(({ median }) => median.at(-1)! - slope * (context - 1))
  const loss = mean(made.map(({ quantiles }, i) => quantileLoss(quantiles, series[i]!.subarray(context))))
  const isAimed = aims && context === 512 && slope === 1
  const name = (measure: string) => `${model}, ${context} slope ${slope}: ${measure}`
  return [
    row(name('ramp rise'), mean(ends) / (slope * horizon), 'of true', isAimed ? '>= 0.95 and <= 1.05' : undefined),
    row(name('ramp loss'), loss, 'of noise', isAimed ? '<= 1' : undefined),
  ]
}

async function constantRow({ model, forecaster, aims }: Probed): Promise<BenchRow> {
  const [made] = await forecastAll(forecaster, [new Float64Array(512).fill(7)])
  const off = Math.max(...made!.quantiles.map((value) => Math.abs(value - 7)))
  return row(`${model}, 512: off a constant`, off, 'units', aims ? '<= 0.0001' : undefined)
}

/** Scaled by 3.7 and shifted by 1,000, the forecast has to be as well. */
async function affineRow({ model, forecaster, aims }: Probed): Promise<BenchRow> {
  const series = walks(512, 16)
  const plain = await forecastAll(forecaster, series)
  const moved = await forecastAll(
    forecaster,
    series.map((values) => values.map((value) => value * 3.7 + 1_000)),
  )
  const off = series.map((values, i) => {
    const differences = moved[i]!.quantiles.map((value, q) => Math.abs((value - 1_000) / 3.7 - plain[i]!.quantiles[q]!))
    return Math.max(...differences) / deviationOf(values)
  })
  return row(`${model}, 512: off an affine map`, Math.max(...off), 'of deviation', aims ? '<= 0.00001' : undefined)
}

function deviationOf(values: Float64Array): number {
  const middle = mean([...values])
  return Math.sqrt(mean([...values].map((value) => (value - middle) ** 2)))
}

function forecastAll(forecaster: Forecaster, contexts: readonly Float64Array[], stepMs = 300_000): Promise<Forecast[]> {
  return forecaster.forecast({ contexts, endMs: 0, stepMs, horizon, levels })
}
