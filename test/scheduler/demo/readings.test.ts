import { expect, test } from 'vitest'
import { joinReadings } from '../../../scheduler/demo/readings.ts'
import type { RawSeries } from '../../../scheduler/demo/store.ts'

const atMs = 660_000
const stepMs = 300_000

function value(service: string, number: number): RawSeries {
  return { labels: { __name__: 'shop_errors', service }, timestampsMs: [atMs], values: [number] }
}

/** Band at the grid steps around `atMs`, score at `atMs` and before. */
function written(name: string, service: string, values: readonly number[]): RawSeries {
  const timestampsMs = name === 'anomaly_score' ? [atMs - 10_000, atMs] : [600_000, 900_000]
  return { labels: { __name__: name, mission: 'm', metric: 'shop_errors', service }, timestampsMs, values }
}

const labels = (service: string) => ({ mission: 'm', metric: 'shop_errors', service })

test('value, band and score of a series meet by its labels, the band between its grid steps', () => {
  const readings = joinReadings({
    mission: 'm',
    values: [value('cart', 12), value('search', 1)],
    written: [
      written('anomaly_pred', 'cart', [10, 20]),
      written('anomaly_lower', 'cart', [5, 5]),
      written('anomaly_upper', 'cart', [20, 25]),
      written('anomaly_score', 'cart', [0.5, 1.5]),
    ],
    atMs,
    stepMs,
  })
  expect(readings).toEqual([
    { labels: labels('cart'), value: 12, pred: 12, lower: 5, upper: 21, score: 1.5, state: 'anomaly' },
    { labels: labels('search'), value: 1, pred: NaN, lower: NaN, upper: NaN, score: NaN, state: 'learning' },
  ])
})

test.each([
  { name: 'ok', values: [value('cart', 1)], written: [written('anomaly_score', 'cart', [0, 1])], state: 'ok' },
  {
    name: 'anomaly',
    values: [value('cart', 1)],
    written: [written('anomaly_score', 'cart', [0, 1.01])],
    state: 'anomaly',
  },
  {
    name: 'waiting',
    values: [value('cart', 1)],
    written: [written('anomaly_pred', 'cart', [1, 1])],
    state: 'waiting',
  },
  { name: 'learning', values: [value('cart', 1)], written: [], state: 'learning' },
  { name: 'no_data', values: [], written: [written('anomaly_pred', 'cart', [1, 1])], state: 'no_data' },
])('a series is $name', ({ values, written, state }) => {
  expect(joinReadings({ mission: 'm', values, written, atMs, stepMs })).toMatchObject([{ state }])
})

test('on a grid step the band is as written, whatever comes after', () => {
  const [reading] = joinReadings({
    mission: 'm',
    values: [],
    written: [written('anomaly_pred', 'cart', [10])],
    atMs: 600_000,
    stepMs,
  })
  expect(reading?.pred).toBe(10)
})

test('a score of an earlier step is not shown for this one', () => {
  const old = { ...written('anomaly_score', 'cart', [3]), timestampsMs: [atMs - 10_000] }
  expect(joinReadings({ mission: 'm', values: [value('cart', 1)], written: [old], atMs, stepMs })).toMatchObject([
    { score: NaN, state: 'learning' },
  ])
})
