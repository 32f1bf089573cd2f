import { expect, test } from 'vitest'
import { cutHistory, endOf } from '../../../tasks/adhoc/history.ts'

const history = { labels: {}, startMs: 1_000, values: Float64Array.of(1, 2, 3, 4) }

test.each([
  { cut: {}, startMs: 1_000, values: [1, 2, 3, 4] },
  { cut: { untilMs: 1_020 }, startMs: 1_000, values: [1, 2, 3] },
  { cut: { untilMs: 1_029 }, startMs: 1_000, values: [1, 2, 3] },
  { cut: { untilMs: 999 }, startMs: 1_000, values: [] },
  { cut: { length: 2 }, startMs: 1_020, values: [3, 4] },
  { cut: { untilMs: 1_020, length: 2 }, startMs: 1_010, values: [2, 3] },
])('cut by $cut leaves $values', ({ cut, startMs, values }) => {
  const left = cutHistory(history, 10, cut)
  expect({ startMs: left.startMs, values: [...left.values] }).toEqual({ startMs, values })
})

test('the end is the instant of the last value', () => {
  expect(endOf(history, 10)).toBe(1_030)
})

test('covariates are cut likewise, and what lies behind the cut is known ahead where anything is', () => {
  const past = Float64Array.of(5, 6, 7, 8)
  const covariates = [
    { name: 'load', past },
    { name: 'plan', past, future: Float64Array.of(9, 10, 11) },
  ]
  expect(cutHistory({ ...history, covariates }, 10, { untilMs: 1_010, length: 1 }).covariates).toEqual([
    { name: 'load', past: Float64Array.of(6) },
    { name: 'plan', past: Float64Array.of(6), future: Float64Array.of(7, 8, 9) },
  ])
})
