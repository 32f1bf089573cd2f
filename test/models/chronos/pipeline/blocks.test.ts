import { expect, test } from 'vitest'
import { extend, joinBlocks, mapOutput, pathOf } from '../../../../models/chronos/pipeline/blocks.ts'

test.each([
  { context: [1, 2], more: [3], longest: 9, extended: [1, 2, 3] },
  { context: [1, 2, 3], more: [4, 5], longest: 4, extended: [2, 3, 4, 5] },
  { context: [1], more: [2, 3, 4], longest: 3, extended: [2, 3, 4] },
  { context: [1], more: [2, 3, 4], longest: 2, extended: [3, 4] },
  { context: [], more: [1], longest: 9, extended: [1] },
])('$context and $more: the newest $longest', ({ context, more, longest, extended }) => {
  expect([...extend(Float64Array.from(context), Float64Array.from(more), longest)]).toEqual(extended)
})

test('blocks follow each other level by level, the last one cut to the horizon', () => {
  const first = Float64Array.of(...[1, 2], ...[10, 20])
  const second = Float64Array.of(...[3, 4, 5], ...[30, 40, 50])
  const joined = joinBlocks([first, second], 2, 4)
  expect([...joined]).toEqual([...[1, 2, 3, 4], ...[10, 20, 30, 40]])
  expect([...pathOf(joined, 1, 4)]).toEqual([10, 20, 30, 40])
})

test('what a network gives is computed on in float64', () => {
  expect([...mapOutput(Float32Array.of(0.1), (value) => value + 1e9)]).toEqual([Math.fround(0.1) + 1e9])
})
