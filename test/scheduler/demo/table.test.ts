import { expect, test } from 'vitest'
import type { Reading } from '../../../scheduler/demo/readings.ts'
import { noPaint, numberText, renderTable, seriesText, terminalPaint } from '../../../scheduler/demo/table.ts'

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

test.each([
  { labels: { metric: 'm', mission: 'x', job: 'shop', service: 'cart', quantile: '0.9' }, text: 'm{cart 0.9}' },
  { labels: { metric: 'm', mission: 'x' }, text: 'm' },
  { labels: { mission: 'x' }, text: 'x' },
  { labels: { mission: 'x', job: 'shop' }, text: 'x{shop}' },
])('$text', ({ labels, text }) => {
  expect(seriesText(labels)).toBe(text)
})

test.each([
  [NaN, '-'],
  [0, '0'],
  [0.0021349, '0.002135'],
  [-1234.56, '-1235'],
  [9_999.4, '9999'],
  [9_999.6, '10k'],
  [-123_456, '-123.5k'],
  [999_990, '1M'],
  [204_800_000, '204.8M'],
  [2_048_000_000, '2.048G'],
  [1.5e18, '1.50e+18'],
  [0.0003746, '0.0003746'],
  [-0.0004461, '-0.000446'],
  [0.00001234, '0.0000123'],
  [-0.0000012, '-0.000001'],
  [0.00000012, '1.20e-7'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
])('%f is written %s', (value, text) => {
  expect(numberText(value)).toBe(text)
})
