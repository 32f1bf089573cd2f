import { expect, test } from 'vitest'
import type { Reading } from '../../../scheduler/demo/readings.ts'
import { renderTable } from '../../../scheduler/demo/table.ts'
import { noPaint, terminalPaint } from '../../../scheduler/terminal/paint.ts'

function reading(service: string, score: number): Reading {
  const state = score > 1 ? 'anomaly' : score <= 1 ? 'ok' : 'learning'
  const labels = { mission: 'demo-errors', metric: 'shop_error_ratio', job: 'shop', service }
  return { labels, value: 0.002, pred: 0.0021, lower: 0.0008, upper: 0.0041, score, state }
}

const size = { columns: 100, rows: 20 }

test('shows the highest scores first, then by name', () => {
  const lines = renderTable([reading('search', 0.1), reading('cart', NaN), reading('checkout', 2.5)], size, noPaint)
  expect(lines).toEqual([
    'series                         value      pred     lower     upper     score  state',
    'shop_error_ratio{checkout}     0.002    0.0021    0.0008    0.0041      2.50  ANOMALY',
    'shop_error_ratio{search}       0.002    0.0021    0.0008    0.0041      0.10  ok',
    'shop_error_ratio{cart}         0.002    0.0021    0.0008    0.0041         -  learning',
  ])
})

test('counts what does not fit, with the highest score among it', () => {
  const readings = Array.from({ length: 10 }, (_, i) => reading(`s${i}`, i / 10))
  const lines = renderTable(readings, { columns: 100, rows: 6 }, noPaint)
  expect(lines).toHaveLength(6)
  expect(lines.at(-1)).toBe('... and 6 more, none above 0.50')
})

test('cuts long names where the terminal is narrow', () => {
  const [, line] = renderTable([reading('a-service-with-a-very-long-name', 0)], { columns: 80, rows: 9 }, noPaint)
  expect(line).toMatch(/^shop_error_ratio\{a-…/)
  expect(line).toHaveLength(74)
})

test('paints only where asked', () => {
  const anomalous = [reading('cart', 2)]
  const [, line] = renderTable(anomalous, size, terminalPaint)
  expect(line?.startsWith('\x1b[31mshop_error_ratio')).toBe(true)
  expect(renderTable(anomalous, size, noPaint).join()).not.toContain('\x1b')
})

test('no series is only the header', () => {
  expect(renderTable([], size, noPaint)).toHaveLength(1)
})
