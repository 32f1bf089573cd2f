import { expect, test } from 'vitest'
import type { RawSeries } from '../../../scheduler/demo/store.ts'
import { judge } from '../../../scheduler/demo/verdict.ts'

const brokenFromMs = 100_000
const breaking = [
  { __name__: 'shop_error_ratio', job: 'shop', service: 'cart' },
  { __name__: 'shop_queue_depth', job: 'shop', service: 'cart' },
]

/** Scores every 10 s from 80 s on: the outage begins at the third. */
function scores(metric: string, service: string, values: readonly number[]): RawSeries {
  const labels = { __name__: 'anomaly_score', mission: 'demo', metric, job: 'shop', service }
  return { labels, values, timestampsMs: values.map((_, i) => 80_000 + i * 10_000) }
}

const errors = scores('shop_error_ratio', 'cart', [0.1, 0.2, 0.9, 3.1])
const queue = scores('shop_queue_depth', 'cart', [0.1, 0.2, 2.5, 2.4])
const others = Array.from({ length: 4 }, (_, i) => scores('shop_error_ratio', `other-${i}`, [0, 0.5, 1, 0.3]))

test('passes when each broken series scored above 1 and the others did not', () => {
  expect(judge({ scores: [errors, queue, ...others], brokenFromMs, breaking })).toEqual({
    passed: true,
    detected: 2,
    broken: [
      { labels: breaking[0], points: 2, highest: 3.1, firstMs: 110_000 },
      { labels: breaking[1], points: 2, highest: 2.5, firstMs: 100_000 },
    ],
    otherPoints: 20,
    otherQuiet: 20,
  })
})

test.each([
  {
    name: 'a broken series that stays at 1',
    scores: [errors, scores('shop_queue_depth', 'cart', [0, 0, 1, 1]), ...others],
  },
  { name: 'a broken series without scores', scores: [errors, ...others] },
  {
    name: 'two of 20 other points above 1',
    scores: [errors, queue, ...others.slice(1), scores('shop_error_ratio', 'other-0', [0, 1.1, 0, 1.2])],
  },
  {
    name: 'broken series above 1 before the outage',
    scores: [scores('shop_error_ratio', 'cart', [2, 2, 2, 2]), queue],
  },
  {
    name: 'no other point',
    scores: [errors, queue].map((one) => ({ ...one, timestampsMs: [1, 2, 3, 4].map((i) => i * 1e6) })),
  },
  { name: 'no scores at all', scores: [] },
])('$name fails', ({ scores }) => {
  expect(judge({ scores, brokenFromMs, breaking }).passed).toBe(false)
})

test('one of 20 other points above 1 is still quiet enough', () => {
  const loud = scores('shop_error_ratio', 'other-0', [0, 1.1, 0, 0.2])
  expect(judge({ scores: [errors, queue, ...others.slice(1), loud], brokenFromMs, breaking })).toMatchObject({
    passed: true,
    otherPoints: 20,
    otherQuiet: 19,
  })
})

test('other series of the same service are others', () => {
  const cpu = scores('shop_cpu_usage_ratio', 'cart', [0.1, 0.1, 0.1, 0.1])
  expect(judge({ scores: [errors, queue, cpu], brokenFromMs, breaking }).otherPoints).toBe(8)
})
