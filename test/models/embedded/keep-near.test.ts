import { expect, test } from 'vitest'
import { keepNear } from '../../../models/embedded/keep-near.ts'

const keep = (context: number[], values: number[]): number[] => {
  const far = Float64Array.from(values)
  return [...keepNear({ levels: [0.5], quantiles: far, median: far }, Float64Array.from(context)).quantiles]
}

test('a forecast within ten ranges of its context stays as it is', () => {
  expect(keep([0, 1, Number.NaN], [11, -10, 0.3])).toEqual([11, -10, 0.3])
})

test('what lies further ends there', () => {
  expect(keep([0, 1, Number.NaN], [11.5, -10.5, 1e9])).toEqual([11, -10, 11])
})

test('a line goes on for ten times as long as it was seen', () => {
  const line = Array.from({ length: 100 }, (_, h) => 10 + 2 * h)
  expect(keep([0, 2, 4, 6, 8], line)).toEqual(line.map((value) => Math.min(value, 88)))
})

test('no forecast stays none, and a constant stays constant', () => {
  expect(keep([Number.NaN], [Number.NaN])).toEqual([Number.NaN])
  expect(keep([7, 7], [7, 7.1])).toEqual([7, 7])
})
