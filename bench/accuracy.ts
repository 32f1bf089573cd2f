import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { AppError } from '../models/errors.ts'
import { groupBy } from '../models/group-by.ts'
import { isModelPath } from '../models/registry.ts'
import { evaluate, references, shortestSeries } from './accuracy/evaluate.ts'
import { type ComparedModels, openModels } from './accuracy/models.ts'
import { formatByModel } from './accuracy/pivot.ts'
import { probe } from './accuracy/probes.ts'
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
  async run({ quick, say, flags }) {
    const opened = openModels()
    try {
      const models = typeof flags.models === 'string' ? flags.models.split(',') : opened.builtIn
      // a name that there is not is told before the work
      for (const model of models) opened.forecasters.get(model)
      const asked = { ...opened, models, judged: models.filter(isJudged), quick, say, flags }
      return flags.probes ? await probeModels(asked) : await compareModels(asked)
    } finally {
      await opened.close()
    }
  },
  format: formatByModel,
}

interface Asked extends ComparedModels, BenchOptions {
  readonly models: readonly string[]
  /** Of them, those that could ship. */
  readonly judged: readonly string[]
}

const isJudged = (model: string) => ['auto', 'chronos-embedded'].includes(model) || isModelPath(model)

async function compareModels({ builtIn, forecasters, models, judged, quick, say, flags }: Asked): Promise<BenchRow[]> {
  const every = quick ? 10 : numberOf(flags.every ?? '1')
  const series = readData(flags.data)
  say(`${series.length} series`)
  const lines = await evaluate({ series, forecasters, models, every, say })
  if (lines.length === 0)
    throw new BenchSkipped(
      `no window in these series: it takes ${shortestSeries} steps, most of them with values that change`,
    )
  const byModel = groupBy(lines, ({ model }) => model)
  const naive = byModel.get('naive') ?? []
  const summaries = new Map([...byModel].map(([model, own]) => [model, summarise(own, naive)]))
  return accuracyRows(summaries, {
    judged: every === 1 ? judged : [],
    own: every === 1 ? [...builtIn, ...judged] : [],
    rivals: Object.keys(references),
  })
}

async function probeModels({ forecasters, models, judged, quick, say }: Asked): Promise<BenchRow[]> {
  const rows: BenchRow[] = []
  for (const model of models) {
    say(`probing ${model}`)
    const aims = !quick && judged.includes(model)
    rows.push(...(await probe({ model, forecaster: forecasters.get(model), count: quick ? 4 : 40, aims })))
  }
  return rows
}

function numberOf(text: string | boolean): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  throw new AppError('INVALID_PARAMS', `--every ${text}: write a number above zero`)
}

function readData(given: string | boolean | undefined): RealSeries[] {
  const folder = resolve(typeof given === 'string' ? given : (process.env.AT_EVAL_DATA ?? '../shared/data'))
  const series = statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? readSeries(folder) : []
  if (series.length > 0) return series
  throw new BenchSkipped(`no data in ${folder}; --data DIR or AT_EVAL_DATA names another folder`)
}
