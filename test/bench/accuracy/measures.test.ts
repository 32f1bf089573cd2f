import { expect, test } from 'vitest'
import { levels } from '../../../bench/accuracy/levels.ts'
import { measure } from '../../../bench/accuracy/measures.ts'
import { empiricalNaive, naive, normalTheta, quantilesFrom } from '../../../bench/accuracy/references.ts'
import { baselines } from '../../fixtures/statistical/baselines.ts'

const references = { 'seasonal-naive': naive, 'empirical-naive': empiricalNaive, theta: normalTheta }

const windowOf = (values: readonly number[], ahead: readonly number[]) => ({
  ...{ series: { dataset: '', name: '', values: new Float64Array(), stepMs: 1, windows: 1 }, season: 24 },
  ...{ context: Float64Array.from(values), ahead: Float64Array.from(ahead) },
})

test.each(
  baselines.cases.flatMap(({ name, values, losses }) =>
    Object.entries(references).map(([baseline, forecast]) => ({
      name,
      values,
      baseline,
      forecast,
      losses: losses[baseline]!,
    })),
  ),
)('$baseline of $name has the measures of the training package', ({ values, forecast, losses }) => {
  const window = windowOf(values, values.slice(0, 40))
  const made = measure(window, forecast(window, 40))
  expect(made.sql).toBeCloseTo(losses.sql, 7)
  expect(made.mase).toBeCloseTo(losses.mase, 7)
  expect(made.cover80).toBeCloseTo(losses.cover80, 7)
  expect(made.cover98).toBeCloseTo(losses.cover98, 7)
})

test('steps without a value do not count', () => {
  const context = [0, 1, 0, 1]
  const zero = quantilesFrom(2, () => 0)
  expect(measure(windowOf(context, [Number.NaN, 3]), zero)).toEqual(measure(windowOf(context, [3]), zero.slice(0, 21)))
})

test.each([
  { value: 11, count: 0 },
  { value: 11.01, count: 42 },
  { value: -10.01, count: 42 },
  { value: Number.NaN, count: 42 },
  { value: Number.POSITIVE_INFINITY, count: 42 },
])('of a context between 0 and 1, forecasts of $value have $count absurd values', ({ value, count }) => {
  const constant = quantilesFrom(2, () => value)
  expect(measure(windowOf([0, 1, 0.5], [1, 1]), constant).pathological).toBe(count)
  expect(constant).toHaveLength(2 * levels.length)
})
