import { expect, test } from 'vitest'
import { datasourceConfig, resolveDatasource } from '../../../../tasks/prometheus/datasource.ts'
import { narrowQuery } from '../../../../tasks/prometheus/query/narrow-query.ts'

const datasource = resolveDatasource(datasourceConfig.parse({ name: 'main', readUrl: 'http://127.0.0.1:1' }))
const narrowed = (query: string, part: Parameters<typeof narrowQuery>[2], victoriaMetrics = false) =>
  narrowQuery({ datasource, victoriaMetrics }, { query }, part).query
const zones = { label: 'zone', values: ['a', 'b'] }

test.each([
  ['load', 'load{zone=~"a|b"}'],
  ['{job="x"}', '{zone=~"a|b",job="x"}'],
  ['rate(load{job="x"}[5m])', 'rate(load{zone=~"a|b",job="x"}[5m])'],
  [
    '(max_over_time(rate(load[1m])[5m:] offset 1d)) # why',
    '(max_over_time(rate(load{zone=~"a|b"}[1m])[5m:] offset 1d)) # why',
  ],
])('the store looks for the series of a part alone: %s', (query, expected) => {
  expect(narrowed(query, zones)).toBe(expected)
})

test('the rest has none of the values, or lacks the label', () => {
  expect(narrowed('load', { ...zones, isRest: true })).toBe('load{zone!~"a|b"}')
})

test.each([
  'sum by (zone) (load)',
  'load / other',
  'label_replace(load, "zone", "$1", "pod", "(.)")',
  'absent(load)',
  'topk(5, load)',
  'histogram_quantile(0.9, rate(load[5m]))',
  'load or other',
  'load and on() vector(1)',
])('what could change is computed as a whole: %s', (query) => {
  expect(narrowed(query, zones)).toBe(query)
  expect(narrowed(query, zones, true)).toBe(`label_match((${query}\n), "zone", "a|b")`)
  expect(narrowed(query, { ...zones, isRest: true }, true)).toBe(`label_mismatch((${query}\n), "zone", "a|b")`)
})

test('values that mean something in an expression or in a text', () => {
  const values = ['a.b', 'a|b', '(', '\\d', '"', 'ü\n']
  expect(narrowed('load', { label: 'zone', values })).toBe(String.raw`load{zone=~"a\\.b|a\\|b|\\(|\\\\d|\"|ü\n"}`)
})

test('nothing is narrowed by a hash, by a label that needs quotes, values that get lost, or beyond what a store takes', () => {
  expect(narrowed('load', { hash: 1, of: 2 }, true)).toBe('load')
  expect(narrowed('load', { label: 'größe', values: ['a'] }, true)).toBe('load')
  expect(narrowed('load', { label: 'zone', values: ['a', 'b\u0002'] })).toBe('load')
  expect(narrowed('load', { label: 'zone', values: ['x'.repeat(20_000)] }, true)).toBe('load')
})
