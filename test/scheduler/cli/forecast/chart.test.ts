import { expect, test } from 'vitest'
import { chartLegend, renderChart } from '../../../../scheduler/cli/forecast/chart.ts'
import type { PlotData } from '../../../../scheduler/cli/forecast/plot-data.ts'
import { noPaint } from '../../../../scheduler/terminal/paint.ts'

const data: PlotData = {
  ...{ title: 'load{web}', startMs: Date.parse('2026-01-31T00:00:00Z'), stepMs: 3_600_000, split: 8 },
  history: [0, 1, 2, 3, Number.NaN, 5, 6, 7],
  ...{ median: [8, 9, 10, 11], lower: [7, 7, 7, 7], upper: [9, 11, 13, 16] },
}
const size = { columns: 59, rows: 8, paint: noPaint }

test('history, band and median, with values and instants at the edges', () => {
  const lines = renderChart(data, size)
  expect(lines).toMatchInlineSnapshot(`
    [
      "load{web}",
      "       16 ┤                                ┊              ░",
      "          ┤                                ┊          ░░░░░",
      "          ┤                                ┊     ░░░░░⢀⣀⣀⠤⠤",
      "          ┤                                ┊ ░⣀⣀⠤⠤⠔⠒⠊⠉⠁░░░░",
      "        7 ┤                          ⣀⣀⡠⠤⠂ ┊ ⠈░░░░░░░░░░░░░",
      "          ┤                     ⠐⠒⠊⠉⠉      ┊",
      "          ┤        ⣀⣀⠤⠤⠔⠂                  ┊",
      "        0 ┤⣀⡠⠤⠔⠒⠒⠉⠉                        ┊",
      "          └────────────────────────────────────────────────",
      "      UTC  2026-01-31 00:00                     01-31 11:00",
    ]
  `)
})

test.each([40, 59, 60, 120])('no line is wider than %d columns', (columns) => {
  for (const { title, stepMs } of [
    { title: 'x'.repeat(300), stepMs: 1_000 },
    { title: 'x', stepMs: 86_400_000 },
  ])
    for (const line of renderChart({ ...data, title, stepMs, source: 'y'.repeat(300) }, { ...size, columns }))
      expect(line.length).toBeLessThanOrEqual(columns)
})

test.each([
  { columns: 60, title: 'load{web}  sales.csv' },
  { columns: 40, title: `load{web}  ${'q'.repeat(28)}…`, source: 'q'.repeat(60) },
])('the heading names the series and where it comes from', ({ columns, title, source = 'sales.csv' }) => {
  expect(renderChart({ ...data, source }, { ...size, columns })[0]).toBe(title)
})

test('the band lies between lower and upper, and nowhere else', () => {
  const lines = renderChart({ ...data, history: [], split: 0, median: [], lower: [0, 0], upper: [10, 10] }, size)
  const plot = lines.slice(1, -2).map((line) => line.slice(11))
  expect(plot.every((line) => /^░+$/.test(line))).toBe(true)
})

test.each([
  { what: 'no value at all', history: [Number.NaN, Number.NaN] },
  { what: 'no history', history: [] },
])('a chart of $what says so', ({ history }) => {
  const empty = { ...data, history, split: history.length, median: [], lower: [], upper: [] }
  expect(renderChart(empty, size)).toEqual(['load{web}', 'no values'])
})

test('a flat line lies in the middle', () => {
  const flat = { ...data, history: [5, 5, 5], split: 3, median: [5], lower: [5], upper: [5] }
  const drawn = renderChart(flat, size)
    .slice(1, 9)
    .map((line) => /[⠁-⣿]/.test(line))
  expect(drawn.indexOf(true)).toBeGreaterThan(1)
  expect(drawn.indexOf(true)).toBeLessThan(6)
})

test('the legend names the levels of the band', () => {
  expect(chartLegend([0.1, 0.5, 0.9], noPaint)).toContain('░ 0.1 to 0.9')
  expect(chartLegend([0.5], noPaint)).not.toContain('░')
})
