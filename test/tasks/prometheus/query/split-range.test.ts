import { expect, test } from 'vitest'
import { rangeLength, splitRange } from '../../../../tasks/prometheus/query/split-range.ts'

test.each([
  { length: 1, maxPoints: 10, parts: [[0, 0]] },
  { length: 10, maxPoints: 10, parts: [[0, 9]] },
  {
    length: 11,
    maxPoints: 10,
    parts: [
      [0, 9],
      [10, 10],
    ],
  },
  {
    length: 30,
    maxPoints: 10,
    parts: [
      [0, 9],
      [10, 19],
      [20, 29],
    ],
  },
  { length: 0, maxPoints: 10, parts: [] },
])('$length steps at $maxPoints a request are $parts', ({ length, maxPoints, parts }) => {
  expect(splitRange(length, maxPoints)).toEqual(parts.map(([first, last]) => ({ first, last })))
})

test.each([
  { startMs: 600, endMs: 600, stepMs: 300, length: 1 },
  { startMs: 600, endMs: 1_200, stepMs: 300, length: 3 },
  { startMs: -300, endMs: 300, stepMs: 300, length: 3 },
])('$startMs to $endMs has $length steps of $stepMs', ({ length, ...range }) => {
  expect(rangeLength({ query: 'up', ...range })).toBe(length)
})

test.each([
  { startMs: 601, endMs: 1_200, stepMs: 300 },
  { startMs: 600, endMs: 1_201, stepMs: 300 },
  { startMs: 1_200, endMs: 600, stepMs: 300 },
  { startMs: 0, endMs: 0, stepMs: 0 },
  { startMs: 0, endMs: 3, stepMs: 1.5 },
  { startMs: Number.NaN, endMs: 0, stepMs: 1 },
])('$startMs to $endMs by $stepMs is no range', (range) => {
  expect(() => rangeLength({ query: 'up', ...range })).toThrow(expect.objectContaining({ code: 'INVALID_PARAMS' }))
})
