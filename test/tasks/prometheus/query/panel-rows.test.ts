import { expect, test } from 'vitest'
import { panelRows } from '../../../../tasks/prometheus/query/panel-rows.ts'

const labels = Array.from({ length: 5_000 }, (_, i) => ({ i: `${i}` }))

test('rows are NaN at first and share no value', () => {
  const rows = panelRows(2)
  labels.forEach((one, i) => {
    const row = rows.row(one, 0)
    expect(row).toEqual(Float64Array.of(Number.NaN, Number.NaN))
    row?.fill(i)
  })
  expect(rows.series.map(({ values }) => values[1])).toEqual(labels.map((_, i) => i))
})

test('a label set has one row in all parts, once in each', () => {
  const rows = panelRows(3)
  const [one = {}, two = {}] = labels
  const row = rows.row(one, 0)
  rows.row(two, 0)
  expect(rows.row(one, 0)).toBeUndefined()
  expect(rows.row(one, 1)).toBe(row)
  expect(rows.series.map((series) => series.labels)).toEqual([one, two])
})

test('short series share slabs of at most 1 MiB, one long series takes no more than itself', () => {
  const short = panelRows(2)
  for (const one of labels) short.row(one, 0)
  const slabs = new Set(short.series.map(({ values }) => values.buffer))
  expect(slabs.size).toBeLessThan(20)
  expect(Math.max(...[...slabs].map((slab) => slab.byteLength))).toBeLessThanOrEqual(1 << 20)
  const long = panelRows(500_000)
  expect(long.row({}, 0)?.buffer.byteLength).toBe(4_000_000)
})
