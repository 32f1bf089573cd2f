import { boltLevels, forecastBolt } from '../../../models/chronos/bolt/pipeline.ts'
import { forecastChronos2 } from '../../../models/chronos/chronos2/pipeline.ts'
import type { Task } from '../../../models/chronos/chronos2/tasks.ts'
import { createInference } from '../../../models/chronos/inference/inference.ts'
import { type ChronosModel, openModel } from '../../../models/chronos/open-model.ts'
import type { Block } from '../../../models/chronos/pipeline/blocks.ts'
import { interpolateLevels } from '../../../models/chronos/pipeline/quantile-levels.ts'
import {
  type Comparison,
  type Gap,
  type GoldenCase,
  type GoldenInput,
  type GoldenRun,
  type Goldens,
  gapOf,
  levelMajor,
  numbers,
} from './goldens.ts'

/** Runs one golden run on a model and says how far it is from the golden answer. */
export async function runGolden(
  model: ChronosModel,
  goldens: Goldens,
  golden: GoldenCase,
  run: GoldenRun,
): Promise<Gap> {
  const forecasts = await forecast(model, goldens, golden, run)
  const { quantiles: trained } = model.config
  const select = (block: Block, wanted: readonly number[]) =>
    model.config.family === 'bolt' ? boltLevels(block, trained, wanted) : interpolateLevels(block, trained, wanted)
  const comparisons = (run.outputs ?? run.quantiles ?? []).flatMap(({ shape, data }, input) => {
    const targets = golden.rows.filter((row) => row.input === input && row.role === 'target')
    const firstRow = golden.rows.filter((row) => row.input < input && row.role === 'target').length
    const values = numbers(data)
    const size = values.length / targets.length
    return targets.flatMap((row, target): Comparison[] => {
      const part = values.subarray(target * size, (target + 1) * size)
      const ours = forecasts[input]?.[target] ?? new Float64Array()
      const isFragile = (level: number, step: number) =>
        run.fragile?.some(([r, l, s]) => r === firstRow + target && l === level && s === step) ?? false
      if (!run.quantileLevels) return [{ golden: part, ours, levels: trained.length, row, isFragile }]
      const levels = shape.at(-1) as number
      const mean = numbers(run.mean?.[input]?.data ?? [])
      const meanSize = mean.length / targets.length
      return [
        { golden: levelMajor(part, levels), ours: select(ours, run.quantileLevels), levels, row },
        {
          golden: mean.subarray(target * meanSize, (target + 1) * meanSize),
          ours: interpolateLevels(ours, trained, [0.5]),
          levels: 1,
          row,
        },
      ]
    })
  })
  return gapOf(comparisons, golden.stepsPerPass, goldens.tolerance)
}

/** A block for each target of each input. */
async function forecast(model: ChronosModel, goldens: Goldens, golden: GoldenCase, run: GoldenRun): Promise<Block[][]> {
  const horizon = run.predictionLength
  const calls = golden.separately ? golden.inputs.map((input) => [input]) : [golden.inputs]
  const made: Block[][] = []
  for (const inputs of calls) {
    if (model.config.family === 'bolt') {
      const contexts = inputs.map((input) => numbers(goldens.series[input as string] ?? []))
      made.push(
        ...(await forecastBolt({ config: model.config, run: model.solo }, { contexts, horizon })).map((b) => [b]),
      )
    } else {
      const tasks = inputs.map((input) => taskOf(input, goldens.series, horizon))
      const { solo, grouped } = model
      made.push(
        ...(await forecastChronos2({ config: model.config, solo, grouped }, { tasks, horizon, ...golden.options })),
      )
    }
  }
  return made
}

export function taskOf(input: GoldenInput, series: Goldens['series'], horizon: number): Task {
  const { target, pastCovariates = {}, futureCovariates = {} } = isTask(input) ? input : { target: input }
  const find = (name: string) => {
    const values = series[name]
    if (!values) throw new Error(`no series ${name}`)
    return numbers(values)
  }
  const map = <T>(names: Readonly<Record<string, T>>, make: (name: T) => Float64Array) =>
    Object.fromEntries(Object.entries(names).map(([name, of]) => [name, make(of)]))
  return {
    targets: [target].flat().map(find),
    pastCovariates: map(pastCovariates, find),
    futureCovariates: map(futureCovariates, (name) =>
      name === null ? new Float64Array(horizon).fill(Number.NaN) : find(name).subarray(0, horizon),
    ),
  }
}

function isTask(input: GoldenInput): input is Exclude<GoldenInput, string | readonly string[]> {
  return typeof input === 'object' && 'target' in input
}

/** Opens each folder once and closes all at the end. */
export function modelCache() {
  const models = new Map<string, ChronosModel>()
  return {
    get(folder: string): ChronosModel {
      const model = models.get(folder) ?? openModel(folder, createInference({ cores: 1 }))
      models.set(folder, model)
      return model
    },
    close: async () => {
      await Promise.all([...models.values()].map((model) => model.close()))
    },
  }
}
