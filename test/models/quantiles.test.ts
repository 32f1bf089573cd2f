import { expect, test } from 'vitest'
import { quantilesOf } from '../../models/quantiles.ts'

test.each([
  { values: [3], levels: [0, 0.5, 1], quantiles: [3, 3, 3] },
  { values: [4, 1, 3, 2], levels: [0.5, 0, 1, 0.25], quantiles: [2.5, 1, 4, 1.75] },
  { values: [2, 2, 2, 2, 9], levels: [0.75, 0.9], quantiles: [2, 6.2] },
  { values: [], levels: [0.5], quantiles: [Number.NaN] },
])('quantiles $levels of $values', ({ values, levels, quantiles }) => {
  const found = [...quantilesOf(Float64Array.from(values), levels)]
  expect(found.map((value) => Number(value.toFixed(9)))).toEqual(quantiles)
})

test.each(['shuffled', 'ascending', 'descending', 'few distinct'])('agrees with sorting when %s', (order) => {
  const values = Float64Array.from({ length: 1_001 }, (_, i) =>
    order === 'few distinct' ? i % 3 : (i * 7_919) % 1_001,
  )
  if (order === 'ascending') values.sort()
  if (order === 'descending') values.sort().reverse()
  const sorted = values.slice().sort()
  expect([...quantilesOf(values, [0.995, 0.5, 0.005, 0, 1])]).toEqual(
    [995, 500, 5, 0, 1_000].map((rank) => sorted[rank]),
  )
})

test.each([3, 20])('%i levels at once are as each by itself', (count) => {
  const values = Float64Array.from({ length: 501 }, (_, i) => (i * 7_919) % 1_001)
  const levels = Array.from({ length: count }, (_, i) => (i + 0.3) / count)
  const alone = levels.map((level) => quantilesOf(values.slice(), [level])[0])
  expect([...quantilesOf(values, levels)]).toEqual(alone)
})
