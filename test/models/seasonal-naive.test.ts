import { expect, test } from 'vitest'
import type { Forecast, ForecastRequest } from '../../models/forecaster.ts'
import { seasonalNaive } from '../../models/seasonal-naive.ts'
import { forecasterContract } from '../contract/forecaster-contract.ts'

forecasterContract('seasonal naive', () => seasonalNaive())
forecasterContract('seasonal naive of two hours', () => seasonalNaive({ seasonsMs: [7_200_000] }))

const hourMs = 3_600_000

async function forecastOne(values: ArrayLike<number>, request: Partial<ForecastRequest> = {}): Promise<Forecast> {
  const [forecast] = await seasonalNaive().forecast({
    contexts: [Float64Array.from(values)],
    endMs: 0,
    stepMs: hourMs,
    horizon: 48,
    levels: [0.005, 0.995],
    ...request,
  })
  return forecast as Forecast
}

const hours = (length: number, value: (hour: number, day: number) => number): number[] =>
  Array.from({ length }, (_, i) => value(i % 24, Math.floor(i / 24)))

test('a day that repeats is forecast a day and two days ahead, without error', async () => {
  const { median, quantiles } = await forecastOne(hours(7 * 24, (hour) => hour))
  expect([...median]).toEqual(hours(48, (hour) => hour))
  expect([...quantiles]).toEqual([...median, ...median])
})

test('a day that rises by 10 a day goes on rising', async () => {
  const { median } = await forecastOne(hours(7 * 24, (hour, day) => hour + 10 * day))
  expect([...median]).toEqual(hours(48, (hour, day) => hour + 10 * (day + 7)))
})

test('a quiet week-end needs a week', async () => {
  const weekly = (hour: number, day: number) => (day % 7 > 4 ? 0 : 100 + hour)
  const { median } = await forecastOne(hours(20 * 24, weekly))
  expect([...median]).toEqual(hours(22 * 24, weekly).slice(-48))
})

test('gaps are filled from the season before', async () => {
  const values = hours(7 * 24, (hour) => hour)
  values.fill(Number.NaN, 6 * 24 + 3, 6 * 24 + 9)
  values.fill(Number.NaN, 7 * 24 - 2)
  expect([...(await forecastOne(values)).median]).toEqual(hours(48, (hour) => hour))
})

test('a walk without a season is forecast by its last value, wider with the distance', async () => {
  let state = 1
  let level = 0
  const walk = Array.from({ length: 24 * 28 }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    level += state / 2 ** 32 - 0.5
    return level
  })
  const { median, quantiles } = await forecastOne(walk, { levels: [0.1, 0.9], horizon: 24 })
  const width = (h: number) => (quantiles[24 + h] as number) - (quantiles[h] as number)
  expect(Math.abs((median[0] as number) - level)).toBeLessThan(0.5)
  expect(width(0)).toBeLessThan(width(3))
  expect(width(3)).toBeLessThan(width(23))
})

test('less than two days has no season', async () => {
  const { median } = await forecastOne([...hours(46, () => 5), 7], { horizon: 2 })
  expect([...median]).toEqual([7, 7])
})

test('a season that only one pair of values speaks for is none', async () => {
  const values = hours(48, (hour, day) => (hour === 0 ? 100 : day === 0 ? Number.NaN : 5 + (hour % 2)))
  const { median } = await forecastOne(values, { horizon: 1 })
  expect(median[0] as number).toBeLessThan(10)
})

test('one value is forecast as it is', async () => {
  const { median, quantiles } = await forecastOne([Number.NaN, 3, Number.NaN], { horizon: 2 })
  expect([...median, ...quantiles]).toEqual([3, 3, 3, 3, 3, 3])
})

test('values on every third step only still have errors to learn from', async () => {
  const values = Array.from({ length: 40 }, (_, i) => (i % 3 === 0 ? (i % 2) * 4 : Number.NaN))
  const { quantiles } = await forecastOne(values, { horizon: 4 })
  expect(quantiles[4] as number).toBeGreaterThan(quantiles[0] as number)
})

test('hours that never have a value are forecast as the hour before them', async () => {
  const { median } = await forecastOne(hours(7 * 24, (hour) => (hour % 3 === 0 ? hour : Number.NaN)))
  expect([...median]).toEqual(hours(48, (hour) => hour - (hour % 3)))
})

test('infinite values are gaps', async () => {
  const { median, quantiles } = await forecastOne([1, Number.POSITIVE_INFINITY, 1, Number.NEGATIVE_INFINITY], {
    horizon: 3,
  })
  expect([...median, ...quantiles]).toEqual(Array.from({ length: 9 }, () => 1))
})

test('its 98 % interval holds about 98 % of what follows', async () => {
  let state = 7
  const noise = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  const stepMs = 300_000
  let inside = 0
  for (let series = 0; series < 40; series++) {
    const values = Array.from(
      { length: 2_016 + 64 },
      (_, i) => 50 + 20 * Math.sin((2 * Math.PI * i) / 288) + noise() * 5,
    )
    const { quantiles } = await forecastOne(values.slice(0, 2_016), { stepMs, horizon: 64, levels: [0.01, 0.99] })
    for (let h = 0; h < 64; h++) {
      const value = values[2_016 + h] as number
      if (value >= (quantiles[h] as number) && value <= (quantiles[64 + h] as number)) inside += 1
    }
  }
  expect(inside / (40 * 64)).toBeGreaterThan(0.96)
  expect(inside / (40 * 64)).toBeLessThan(0.995)
})
