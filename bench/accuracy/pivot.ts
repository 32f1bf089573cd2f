import { groupBy } from '../../models/group-by.ts'
import { type BenchRow, formatTable, markdownTable } from '../report.ts'

interface Figure extends Pick<BenchRow, 'value' | 'unit'> {
  readonly model: string
  readonly where: string
  readonly measure: string
}

/**
 * Rows called `MODEL, WHERE: MEASURE`: what holds for all in one short table, then a table for each measure, each with a line
 * for each model, then the aims that are missed.
 */
export function formatByModel(rows: readonly BenchRow[]): string {
  const figures = rows.map(toFigure)
  const [overall, parts] = [figures.filter(({ where }) => where === 'all'), figures.filter(isOfPart)]
  const tables = [...groupBy(parts, ({ measure }) => measure)].map(([measure, own]) => pivot(measure, own, 'where'))
  if (overall.length > 0) tables.unshift(pivot('all windows', overall, 'measure'))
  const [aimed, missed] = [rows.filter(({ aim }) => aim !== null), rows.filter(({ met }) => met === false)]
  if (aimed.length > 0) tables.push(`${aimed.length - missed.length} of ${aimed.length} aims are met.`)
  if (missed.length > 0) tables.push(formatTable(missed))
  return tables.join('\n\n')
}

function toFigure({ name, value, unit }: BenchRow): Figure {
  const [, model = name, where = '', measure = ''] = /^(.*), ([^,]*): (.*)$/.exec(name) ?? []
  return { model, where, measure, value, unit }
}

const isOfPart = ({ where }: Figure) => where !== 'all'

/** A column for each place, or for each measure. */
function pivot(title: string, figures: readonly Figure[], by: 'where' | 'measure'): string {
  const columns = [...new Set(figures.map((figure) => figure[by]))]
  const lines = [...groupBy(figures, ({ model }) => model)].map(([model, own]) => [
    model,
    ...columns.map((column) => own.find((figure) => figure[by] === column)).map(formatFigure),
  ])
  return markdownTable([[title, ...columns], ...lines], (column) => column > 0)
}

function formatFigure(figure: Figure | undefined): string {
  if (!figure) return ''
  if (!Number.isFinite(figure.value)) return '-'
  if (figure.unit === 'values') return `${figure.value}`
  return figure.value !== 0 && Math.abs(figure.value) < 0.001 ? figure.value.toExponential(1) : figure.value.toFixed(3)
}
