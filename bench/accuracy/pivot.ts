import { groupBy } from '../../models/group-by.ts'
import { type BenchRow, formatTable } from '../report.ts'

interface Figure extends Pick<BenchRow, 'value' | 'unit'> {
  readonly model: string
  readonly where: string
  readonly measure: string
}

/** Rows called `MODEL, WHERE: MEASURE` as a table for each measure with a line for each model, then the aims that are missed. */
export function formatByModel(rows: readonly BenchRow[]): string {
  const tables = [...groupBy(rows.map(toFigure), ({ measure }) => measure).values()].map(tableOf)
  const [aimed, missed] = [rows.filter(({ aim }) => aim !== null), rows.filter(({ met }) => met === false)]
  if (aimed.length > 0) tables.push(`${aimed.length - missed.length} of ${aimed.length} aims are met.`)
  if (missed.length > 0) tables.push(formatTable(missed))
  return tables.join('\n\n')
}

function toFigure({ name, value, unit }: BenchRow): Figure {
  const [, model = name, where = '', measure = ''] = /^(.*), ([^,]*): (.*)$/.exec(name) ?? []
  return { model, where, measure, value, unit }
}

function tableOf(figures: readonly Figure[]): string {
  const columns = [...new Set(figures.map(({ where }) => where))]
  const lines = [...groupBy(figures, ({ model }) => model)].map(([model, own]) => [
    model,
    ...columns.map((column) => own.find(({ where }) => where === column)).map(formatFigure),
  ])
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = ['---', ...columns.map(() => '---:')]
  return [[figures[0]!.measure, ...columns], rule, ...lines].map(line).join('\n')
}

function formatFigure(figure: Figure | undefined): string {
  if (!figure) return ''
  if (!Number.isFinite(figure.value)) return '-'
  if (figure.unit === 'values') return `${figure.value}`
  return figure.value !== 0 && Math.abs(figure.value) < 0.001 ? figure.value.toExponential(1) : figure.value.toFixed(3)
}
