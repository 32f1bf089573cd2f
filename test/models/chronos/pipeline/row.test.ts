import { expect, test } from 'vitest'
import { fromFirstValue, prepareRow } from '../../../../models/chronos/pipeline/row.ts'

const { NaN: gap, POSITIVE_INFINITY: infinite } = Number
const row = (...values: number[]) => prepareRow(Float64Array.from(values))

test('gaps before the first value go, others stay', () => {
  expect([...fromFirstValue(Float64Array.of(gap, infinite, 1, gap, 2, gap))]).toEqual([1, gap, 2, gap])
  expect(fromFirstValue(Float64Array.of(gap, -infinite))).toHaveLength(0)
})

test.each([
  { what: 'a population, not a sample', values: [1, 3], loc: 2, scale: 1 },
  { what: 'gaps and infinite values left out', values: [gap, 1, infinite, 3, gap, -infinite], loc: 2, scale: 1 },
  {
    what: 'a constant: exactly itself, with the scale of the libraries',
    values: [0.1, 0.1, gap, 0.1],
    loc: 0.1,
    scale: 1e-5,
  },
  { what: 'nothing', values: [gap, gap], loc: 0, scale: 1 },
])('mean and deviation of $what', ({ values, loc, scale }) => {
  expect(row(...values)).toMatchObject({ loc, scale })
})

test('a small movement on a large offset keeps its digits', () => {
  const { loc, scale } = row(1e12, 1e12 + 0.5, 1e12 + 1)
  expect(loc).toBe(1e12 + 0.5)
  expect(scale).toBeCloseTo(Math.sqrt(1 / 6), 12)
})

test.each([1e-300, 1e300])('values of %s neither vanish nor overflow', (unit) => {
  const { loc, scale } = row(-unit, unit, -unit, unit)
  expect([loc / unit, scale / unit]).toEqual([0, 1])
})
