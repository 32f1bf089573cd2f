import { expect, test } from 'vitest'
import { interpolateLevels, sortLevels } from '../../../../models/chronos/pipeline/quantile-levels.ts'

test('levels that cross are put in order, each step by itself', () => {
  // three levels of two steps
  const crossing = Float64Array.of(...[3, 1], ...[2, 2], ...[1, 3])
  expect([...sortLevels(crossing, 3)]).toEqual([...[1, 1], ...[2, 2], ...[3, 3]])
  expect([...crossing]).toEqual([3, 1, 2, 2, 1, 3])
})

const trained = [0.1, 0.5, 0.9]
const block = Float64Array.of(...[-8, 0], ...[0, 0], ...[4, 8])

test.each([
  { level: 0.1, values: [-8, 0] },
  { level: 0.2, values: [-6, 0] },
  { level: 0.5, values: [0, 0] },
  { level: 0.8, values: [3, 6] },
  { level: 0.001, values: [-8, 0] },
  { level: 0.999, values: [4, 8] },
])('level $level lies between its neighbours, flat beyond the last', ({ level, values }) => {
  const made = interpolateLevels(block, trained, [level])
  for (const [step, value] of values.entries()) expect(made[step]).toBeCloseTo(value, 12)
})

test('levels come in the order that they are asked for', () => {
  expect([...interpolateLevels(block, trained, [0.9, 0.1])]).toEqual([4, 8, -8, 0])
})

test('a trained level is itself, whatever its neighbour is', () => {
  const torn = Float64Array.of(1, Number.POSITIVE_INFINITY, 2)
  expect([...interpolateLevels(torn, trained, [0.1, 0.9])]).toEqual([1, 2])
})
