import { expect, test } from 'vitest'
import { describeForecast } from '../../../tasks/adhoc/describe-forecast.ts'

const forecast = {
  labels: { job: 'web' },
  endMs: Date.parse('2026-01-31T12:00:00Z'),
  historyPoints: 40,
  history: Float64Array.of(1, Number.NaN),
  quantiles: Float64Array.of(1, 2, 5, 6, 8, Number.NaN),
  median: Float64Array.of(5, 6),
}

test('a series of an answer: instants, the median, the outermost levels, every level; what is no number is null', () => {
  expect(describeForecast(forecast, { stepMs: 60_000, levels: [0.1, 0.5, 0.9] })).toEqual({
    labels: { job: 'web' },
    historyPoints: 40,
    history: { start: '2026-01-31T11:59:00.000Z', values: [1, null] },
    predictions: [
      {
        ...{ time: '2026-01-31T12:01:00.000Z', horizonStep: 1, value: 5, lower: 1, upper: 8 },
        quantiles: { '0.1': 1, '0.5': 5, '0.9': 8 },
      },
      {
        ...{ time: '2026-01-31T12:02:00.000Z', horizonStep: 2, value: 6, lower: 2, upper: null },
        quantiles: { '0.1': 2, '0.5': 6, '0.9': null },
      },
    ],
  })
})

test('levels on one side only have no edge on the other', () => {
  const above = { ...forecast, quantiles: Float64Array.of(7, 7, 8, 8) }
  const [first] = describeForecast(above, { stepMs: 60_000, levels: [0.8, 0.9] }).predictions
  expect(first).toMatchObject({ value: 5, lower: null, upper: 8 })
})

test('a skipped series says why', () => {
  const { quantiles: _, median: __, ...rest } = forecast
  const skipped = { ...rest, history: new Float64Array(), skipped: 'too_few_points' }
  expect(describeForecast(skipped, { stepMs: 60_000, levels: [0.5] })).toEqual({
    ...{ labels: { job: 'web' }, historyPoints: 40, skipped: 'too_few_points', predictions: [] },
  })
})
