import { expect, test } from 'vitest'
import { errorsAt } from '../../models/error-knots.ts'

const knots = [
  { distance: 1, quantiles: Float64Array.of(-1, 1) },
  { distance: 4, quantiles: Float64Array.of(-4, 10) },
]

test.each([
  { distance: 0, errors: [-1, 1] },
  { distance: 1, errors: [-1, 1] },
  { distance: 2, errors: [-2, 4] },
  { distance: 4, errors: [-4, 10] },
  { distance: 9, errors: [-4, 10] },
])('errors over $distance are $errors', ({ distance, errors }) => {
  expect([...errorsAt(knots, distance)]).toEqual(errors)
})

test('levels that are equal but for a last digit do not cross between knots', () => {
  const near = [1, 8].map((distance) => {
    const level = 0.3 - distance / 7
    return { distance, quantiles: Float64Array.of(level, level + 2 ** -54) }
  })
  for (let distance = 1; distance <= 8; distance++) {
    const [low, high] = errorsAt(near, distance)
    expect(low).toBeLessThanOrEqual(high!)
  }
})
