import { type BenchRow, row } from '../report.ts'
import type { Figures, Summary } from './summary.ts'

/** What a model has to reach. */
interface Aims {
  readonly sql: number
  readonly mase: number
  /** On each data set. */
  readonly worstSql: number
}

const network: Aims = { sql: 0.6, mase: 0.82, worstSql: 0.9 }
const mixed: Aims = { sql: 0.59, mase: 0.81, worstSql: 0.85 }
const covers = { cover80: '>= 0.75 and <= 0.86', cover98: '>= 0.965 and <= 0.992' } as const

export interface RowOptions {
  /** Held to the aims of the forecaster that ships. */
  readonly judged: readonly string[]
  /** Held to forecasting nothing absurd. */
  readonly own: readonly string[]
  /** Models that have to be worse at every context and horizon. */
  readonly rivals: readonly string[]
}

const titles: Readonly<Figures<string>> = {
  sql: 'SQL',
  mase: 'MASE',
  cover80: 'cover 80',
  cover98: 'cover 98',
}
const measures = Object.keys(titles) as (keyof Figures)[]

/** Rows called `theta, 512/64: SQL`. */
export function accuracyRows(summaries: ReadonlyMap<string, Summary>, { judged, own, rivals }: RowOptions): BenchRow[] {
  const bestRival = (cell: string) =>
    Math.min(...rivals.map((name) => summaries.get(name)?.cells.get(cell)?.sql ?? Number.POSITIVE_INFINITY))
  return [...summaries].flatMap(([model, { all, cells, datasets, pathological }]) => {
    const aims = judged.includes(model) ? (model === 'auto' ? mixed : network) : undefined
    const rowsOf = (where: string, figures: Figures, wanted: Partial<Figures<string>>) =>
      measures.map((measure) => {
        const unit = measure.startsWith('cover') ? 'share' : 'of naive'
        return row(`${model}, ${where}: ${titles[measure]}`, figures[measure], unit, aims && wanted[measure])
      })
    return [
      ...rowsOf('all', all, { sql: `<= ${aims?.sql}`, mase: `<= ${aims?.mase}` }),
      row(`${model}, all: pathological`, pathological, 'values', own.includes(model) ? '<= 0' : undefined),
      ...[...cells].flatMap(([cell, figures]) => rowsOf(cell, figures, { sql: `< ${bestRival(cell).toFixed(4)}` })),
      ...[...datasets].flatMap(([set, figures]) => rowsOf(set, figures, { sql: `<= ${aims?.worstSql}`, ...covers })),
    ]
  })
}
