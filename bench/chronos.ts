import { availableParallelism } from 'node:os'
import type { Bench, BenchOptions } from './bench.ts'
import { accuracyRows } from './chronos/accuracy.ts'
import { embeddedRows } from './chronos/embedded.ts'
import { flowRows } from './chronos/flow.ts'
import { type GemmPeak, openGemmPeak } from './chronos/gemm-peak.ts'
import { randomCheckpoint } from './chronos/random-checkpoint.ts'
import { benchSeries } from './chronos/series.ts'
import { serviceRows } from './chronos/service.ts'
import { operationsOf, type Shape, shapes } from './chronos/shapes.ts'
import { seriesPerSecond, withForecaster } from './chronos/throughput.ts'
import { findTorch, torchSeriesPerSecond } from './chronos/torch-forward.ts'
import { type BenchRow, row } from './report.ts'

const quickShapes = ['bolt-tiny', 'chronos-2 28M']

export const chronos: Bench = {
  description: 'Chronos networks of the published shapes, beside the matrix products of this machine and torch',
  async run({ quick, say }) {
    const cores = availableParallelism()
    const python = await findTorch()
    if (!python) say('no Python with torch: its rows stay empty')
    const peak = await openGemmPeak(cores)
    const rows: BenchRow[] = []
    try {
      for (const shape of shapes) {
        if (quick && !quickShapes.includes(shape.name)) continue
        rows.push(...(await shapeRows({ shape, cores, peak, python, quick, say })))
      }
    } finally {
      await peak.close()
    }
    say('the embedded forecaster')
    rows.push(...(await embeddedRows({ cores, quick })))
    return [...rows, ...(await serviceStage({ quick, say }, cores)), ...(await accuracyRows(cores, quick ? 50 : 200))]
  },
}

interface ShapeStage extends Pick<BenchOptions, 'quick' | 'say'> {
  readonly shape: Shape
  readonly cores: number
  readonly peak: GemmPeak
  readonly python: string | undefined
}

async function shapeRows(stage: ShapeStage): Promise<BenchRow[]> {
  const { folder, remove } = randomCheckpoint(stage.shape)
  try {
    const rows: BenchRow[] = []
    for (const context of stage.quick ? [512] : [512, 2_048]) rows.push(...(await contextRows(stage, folder, context)))
    return rows
  } finally {
    remove()
  }
}

/** Series in a batch of about 2,048 tokens. */
const batchOf = (context: number): number => Math.max(1, Math.floor(2_048 / (context / 16 + 5)))

async function contextRows(stage: ShapeStage, folder: string, context: number): Promise<BenchRow[]> {
  const { shape, cores, peak, python, quick, say } = stage
  const operations = operationsOf(shape, context)
  const batch = batchOf(context)
  // a few seconds at 150 GFLOP/s for each core
  const count = Math.max(4 * cores * batch, Math.ceil((cores * 150e9 * (quick ? 1 : 4)) / operations))
  const contexts = benchSeries(count, context)
  say(`${shape.name}, context ${context}: ${count} series`)
  const before = await peak.measure(1)
  const float32 = await withForecaster(folder, { cores }, (forecaster) => seriesPerSecond(forecaster, contexts))
  const most = (before + (await peak.measure(1))) / 2
  const int8 = await withForecaster(folder, { cores, precision: 'int8' }, (forecaster) =>
    seriesPerSecond(forecaster, contexts),
  )
  const torch = python ? await torchSeriesPerSecond(python, { folder, context, threads: cores, batch }) : Number.NaN
  const name = (what: string) => `${shape.name}, context ${context}: ${what}`
  const aim = (text: string) => (quick ? undefined : text)
  return [
    row(name('GEMM peak'), most / 1e9, 'GFLOP/s'),
    row(name('float32'), float32, 'series/s'),
    row(name('float32, of the GEMM peak'), (float32 * operations) / most, 'share', aim('>= 0.75')),
    row(name('int8'), int8, 'series/s'),
    row(name('int8, of float32'), int8 / float32, 'times', aim('>= 1.5')),
    row(name(python ? 'torch' : 'torch (no Python with torch)'), torch, 'series/s'),
    row(name('float32, of torch'), float32 / torch, 'times', python ? aim('>= 2.5') : undefined),
  ]
}

async function serviceStage({ quick, say }: Pick<BenchOptions, 'quick' | 'say'>, cores: number): Promise<BenchRow[]> {
  const shape = shapes[0]!
  const { folder, remove } = randomCheckpoint(shape)
  const common = { folder, name: shape.name, aims: !quick }
  try {
    say('one mission and many')
    const service = await serviceRows({ ...common, cores, seriesCount: quick ? 200 : 1_000 })
    say('a whole forecast run')
    return [...service, ...(await flowRows({ ...common, seriesCount: quick ? 1_000 : 10_000 }))]
  } finally {
    remove()
  }
}
