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
