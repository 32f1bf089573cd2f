import { numberText } from '../../terminal/number-text.ts'
import type { Paint } from '../../terminal/paint.ts'
import { brailleCanvas } from './braille.ts'
import { instantText, type PlotData, type Scale, scaleOf } from './plot-data.ts'

export interface ChartSize {
  readonly columns: number
  readonly rows: number
  readonly paint: Paint
}

const axisWidth = 11
const leastWidth = 20
const dayMs = 86_400_000

/** History, band and median of one series in lines that fit the width. */
export function renderChart(data: PlotData, { columns, rows, paint }: ChartSize): string[] {
  const title = titleLine(data, columns, paint)
  const scale = scaleOf(data)
  if (!scale) return [title, paint.dim('no values')]
  const size = { width: Math.max(leastWidth, columns - axisWidth), rows }
  const plot = drawPlot(data, scale, { ...size, paint })
  const labels = axisLabels(scale, rows)
  return [
    title,
    ...plot.map((line, row) => `${paint.dim(`${(labels[row] ?? '').padStart(axisWidth - 2)} ┤`)}${line}`),
    paint.dim(`${' '.repeat(axisWidth - 1)}└${'─'.repeat(size.width)}`),
    paint.dim(timeLine(data, size.width)),
  ]
}

/** What the signs mean. */
export function chartLegend(levels: readonly number[], paint: Paint): string {
  const edges = levels.length > 1 ? `  ░ ${levels[0]} to ${levels.at(-1)}` : ''
  return `${paint.dim('┊ the forecast begins')}  ${paint.green('─ median')}${paint.dim(edges)}`
}

interface PlotSize {
  readonly width: number
  readonly rows: number
  readonly paint: Paint
}

function drawPlot(data: PlotData, { least, most }: Scale, { width, rows, paint }: PlotSize): string[] {
  const { split, history, median } = data
  const steps = Math.max(1, split + median.length - 1)
  const x = (step: number) => (step / steps) * (width * 2 - 1)
  const y = (value: number) => ((most - value) / (most - least)) * (rows * 4 - 1)
  const past = brailleCanvas(width, rows)
  const future = brailleCanvas(width, rows)
  past.polyline(history.map((value, i) => [x(i), y(value)]))
  future.polyline(median.map((value, i) => [x(split + i), y(value)]))
  const band = bandCells(data, { x, y, width, rows })
  const splitColumn = split > 0 && median.length > 0 ? Math.floor(x(split - 0.5) / 2) : -1
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: width }, (_, column) => {
      const sign = future.cell(column, row)
      if (sign) return paint.green(sign)
      const before = past.cell(column, row)
      if (before) return before
      if (band(column, row)) return paint.dim('░')
      return column === splitColumn ? paint.dim('┊') : ' '
    })
      .join('')
      .trimEnd(),
  )
}

interface BandGrid {
  readonly x: (step: number) => number
  readonly y: (value: number) => number
  readonly width: number
  readonly rows: number
}

/** Whether a cell lies in the band; each column takes the widest of its steps, and steps between are filled. */
function bandCells({ split, lower, upper }: PlotData, { x, y, width }: BandGrid) {
  const tops = new Float64Array(width).fill(Number.NaN)
  const bottoms = new Float64Array(width).fill(Number.NaN)
  for (let i = 0; i < lower.length; i++) {
    const top = Math.floor(y(upper[i]!) / 4)
    const bottom = Math.floor(y(lower[i]!) / 4)
    if (Number.isNaN(top) || Number.isNaN(bottom)) continue
    const from = Math.floor(x(split + i) / 2)
    const until = i + 1 < lower.length ? Math.max(from, Math.ceil(x(split + i + 1) / 2) - 1) : from
    for (let column = from; column <= until; column++) {
      tops[column] = Math.min(top, Number.isNaN(tops[column]) ? top : tops[column]!)
      bottoms[column] = Math.max(bottom, Number.isNaN(bottoms[column]) ? bottom : bottoms[column]!)
    }
  }
  return (column: number, row: number) => row >= tops[column]! && row <= bottoms[column]!
}

/** Values at the top, in the middle and at the bottom. */
function axisLabels({ least, most }: Scale, rows: number): Record<number, string> {
  const at = (row: number) => numberText(most - ((row + 0.5) / rows) * (most - least))
  const middle = Math.floor(rows / 2)
  return { 0: numberText(most), [middle]: at(middle), [rows - 1]: numberText(least) }
}

/** The year once: the other instants are of the same one, or of the next. */
function timeLine({ startMs, stepMs, split, median }: PlotData, width: number): string {
  const at = (step: number) => instantText(startMs + step * stepMs, stepMs)
  const short = (text: string) => (stepMs < dayMs ? text.slice('2026-'.length) : text)
  const last = split + median.length - 1
  const [start, now, end] = [at(0), short(at(split)), short(at(last))]
  const nowAt = Math.round((split / Math.max(1, last)) * width)
  let line = start.length + 1 + end.length <= width ? start : short(start)
  if (split > 0 && nowAt > line.length + 1 && nowAt + now.length + 1 < width - end.length) {
    line = `${line.padEnd(nowAt)}${now}`
  }
  return `${'UTC'.padStart(axisWidth - 2).padEnd(axisWidth)}${line.padEnd(Math.max(line.length + 1, width - end.length))}${end}`
}

function titleLine({ title, source }: PlotData, columns: number, paint: Paint): string {
  const shown = cut(title, columns)
  const space = columns - shown.length - 2
  return paint.bold(shown) + (source !== undefined && space > 1 ? paint.dim(`  ${cut(source, space)}`) : '')
}

const cut = (text: string, width: number): string => (text.length > width ? `${text.slice(0, width - 1)}…` : text)
