import { expect, test } from 'vitest'
import { extent } from '../../models/extent.ts'

test.each([
  { values: [3, Number.NaN, -1, 2], low: -1, high: 3 },
  { values: [Number.NEGATIVE_INFINITY, 5, Number.POSITIVE_INFINITY], low: 5, high: 5 },
  { values: [Number.NaN], low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY },
])('$values lie between $low and $high', ({ values, low, high }) => {
  expect(extent(Float64Array.from(values))).toEqual({ low, high })
})
