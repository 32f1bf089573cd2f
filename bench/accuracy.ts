import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { AppError } from '../models/errors.ts'
import { isModelPath } from '../models/registry.ts'
import { evaluate, references } from './accuracy/evaluate.ts'
import { groupBy } from './accuracy/group-by.ts'
import { type ComparedModels, openModels } from './accuracy/models.ts'
import { formatByModel } from './accuracy/pivot.ts'
import { accuracyRows } from './accuracy/rows.ts'
import { type RealSeries, readSeries } from './accuracy/sources.ts'
import { summarise } from './accuracy/summary.ts'
import { type Bench, type BenchOptions, BenchSkipped } from './bench.ts'
import type { BenchRow } from './report.ts'

export const accuracy: Bench = {
  description: 'losses and coverage on real series, or on waves and ramps, against seasonal naive',
  flags: {
    data: { type: 'string', value: 'DIR', help: 'evaluation data; default AT_EVAL_DATA, else ../shared/data' },
    models: { type: 'string', value: 'A,B,...', help: 'names, folders, ets, mstl; default: those without a download' },
    every: { type: 'string', value: 'N', help: 'every N-th window of a data set only, without aims' },
    probes: { type: 'boolean', help: 'waves, ramps, gaps and constants with a known answer, without data' },
  },
  async run(options) {
    const opened = openModels()
    try {
      return await compare(opened, options)
    } finally {
      await opened.close()
    }
  },
  format: formatByModel,
}

async function compare(opened: ComparedModels, { quick, say, flags }: BenchOptions): Promise<BenchRow[]> {
  const { builtIn, forecasters } = opened
  const models = typeof flags.models === 'string' ? flags.models.split(',') : builtIn
  // a name that there is not is told before hours of work
  for (const model of models) forecasters.get(model)
  const every = quick ? 10 : numberOf(flags.every ?? '1')
  const judged = models.filter((model) => ['auto', 'chronos-embedded'].includes(model) || isModelPath(model))
  const series = readData(flags.data)
  say(`${series.length} series`)
  const lines = await evaluate({ series, forecasters, models, every, say })
  const byModel = groupBy(lines, ({ model }) => model)
  const naive = byModel.get('naive') ?? []
  const summaries = new Map([...byModel].map(([model, own]) => [model, summarise(own, naive)]))
  return accuracyRows(summaries, {
    judged: every === 1 ? judged : [],
    own: [...builtIn, ...judged],
    rivals: Object.keys(references),
  })
}

function numberOf(text: string | boolean): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  throw new AppError('INVALID_PARAMS', `--every ${text}: write a number above zero`)
}

function readData(given: string | boolean | undefined): RealSeries[] {
  const folder = resolve(typeof given === 'string' ? given : (process.env.AT_EVAL_DATA ?? '../shared/data'))
  const series = existsSync(folder) ? readSeries(folder) : []
  if (series.length > 0) return series
  throw new BenchSkipped(`no data in ${folder}; --data DIR or AT_EVAL_DATA names another folder`)
}
