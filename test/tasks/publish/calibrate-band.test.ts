import { expect, test } from 'vitest'
import { calibrateBand, edgeLevels } from '../../../tasks/publish/calibrate-band.ts'

const forecastOf = (median: number, low: number, high: number) => ({
  levels: edgeLevels,
  median: Float64Array.of(median),
  quantiles: Float64Array.of(low, high),
})

test.each([
  { name: 'edges lie half as far again', forecast: [10, 8, 14], band: [7, 10, 16] },
  { name: 'a band without width stays so', forecast: [5, 5, 5], band: [5, 5, 5] },
  { name: 'a median outside its quantiles is an edge', forecast: [10, 11, 12], band: [10, 10, 13] },
  { name: 'no forecast is no band', forecast: [Number.NaN, Number.NaN, Number.NaN], band: [NaN, NaN, NaN] },
  { name: 'half a forecast is no band', forecast: [1, Number.NaN, 2], band: [NaN, NaN, NaN] },
  { name: 'beyond single precision is no band', forecast: [0, 0, 1e39], band: [NaN, NaN, NaN] },
])('$name', ({ forecast, band }) => {
  const [rows] = calibrateBand([forecastOf(...(forecast as [number, number, number]))], 1)
  expect([rows?.lower[0], rows?.pred[0], rows?.upper[0]]).toEqual(band)
})

test('rows are series, one set a step', () => {
  const forecasts = [1, 2].map((base) => ({
    levels: edgeLevels,
    median: Float64Array.of(base, base + 10, base + 20),
    quantiles: Float64Array.of(base, base + 9, base + 18, base, base + 12, base + 24),
  }))
  const steps = calibrateBand(forecasts, 3)
  expect(steps.map(({ pred }) => [...pred])).toEqual([
    [1, 2],
    [11, 12],
    [21, 22],
  ])
  expect(steps.map(({ lower }) => lower[1])).toEqual([2, 10.5, 19])
  expect(steps.map(({ upper }) => upper[0])).toEqual([1, 14, 27])
})

test('single precision does not turn the order of pred and its edges', () => {
  const pred = 16_777_217.5
  const [rows] = calibrateBand([forecastOf(pred, pred - 1e-9, pred + 1e-9)], 1)
  expect(rows?.lower[0] as number).toBeLessThanOrEqual(rows?.pred[0] as number)
  expect(rows?.pred[0] as number).toBeLessThanOrEqual(rows?.upper[0] as number)
})
