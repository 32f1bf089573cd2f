import { expect, test } from 'vitest'
import type { Forecast, ForecastRequest } from '../../models/forecaster.ts'
import { theta } from '../../models/theta.ts'
import { forecasterContract } from '../contract/forecaster-contract.ts'
import { randomSource } from '../fakes/random.ts'
import { baselines } from '../fixtures/statistical/baselines.ts'

forecasterContract('theta', () => theta())

const hourMs = 3_600_000

async function forecastOne(values: ArrayLike<number>, request: Partial<ForecastRequest> = {}): Promise<Forecast> {
  const contexts = [Float64Array.from(values)]
  const asked = { contexts, endMs: 0, stepMs: hourMs, horizon: 40, levels: baselines.levels, ...request }
  return (await theta().forecast(asked))[0]!
}

test.each(baselines.cases)('$name has the band of the reference', async ({ values, bands }) => {
  const { quantiles } = await forecastOne(values)
  for (const [level, ofLevel] of bands.entries()) {
    for (const [i, step] of baselines.steps.entries()) {
      expect(quantiles[level * 40 + step - 1]).toBeCloseTo(ofLevel[i]!, 6)
    }
  }
})

test('its 80 % and 98 % intervals hold about as much of what follows', async () => {
  const next = randomSource(3)
  const inside = [0, 0]
  for (let series = 0; series < 60; series++) {
    const values = Array.from({ length: 576 }, (_, i) => 30 * Math.sin((2 * Math.PI * i) / 24) - 4 * Math.log(next()))
    const { quantiles } = await forecastOne(values.slice(0, 512), { horizon: 64, levels: [0.01, 0.1, 0.9, 0.99] })
    for (let h = 0; h < 64; h++) {
      const [lowest, low, high, highest] = [0, 1, 2, 3].map((level) => quantiles[level * 64 + h]!)
      const value = values[512 + h]!
      if (value >= low! && value <= high!) inside[0]! += 1
      if (value >= lowest! && value <= highest!) inside[1]! += 1
    }
  }
  const [most, almostAll] = inside.map((count) => count / (60 * 64))
  expect(Math.abs(most! - 0.8)).toBeLessThan(0.03)
  expect(Math.abs(almostAll! - 0.98)).toBeLessThan(0.015)
})

test('the band of a walk widens with the distance, also by a gap at the end', async () => {
  const next = randomSource(4)
  let level = 0
  const walk = Array.from({ length: 600 }, () => {
    level += next() - 0.5
    return level
  })
  const width = ({ quantiles }: Forecast, h: number) => quantiles[20 * 40 + h]! - quantiles[h]!
  const whole = await forecastOne(walk)
  expect(width(whole, 0)).toBeLessThan(width(whole, 3))
  expect(width(whole, 3)).toBeLessThan(width(whole, 39))
  const late = await forecastOne([...walk, ...new Array(16).fill(Number.NaN)])
  expect(width(late, 0)).toBeGreaterThan(2 * width(whole, 0))
})

test('of daily values the season is a week', async () => {
  const values = Array.from({ length: 140 }, (_, i) => (i % 7 > 4 ? 0 : 10))
  const { median } = await forecastOne(values, { stepMs: 24 * hourMs, horizon: 7 })
  expect([...median].map(Math.round)).toEqual([10, 10, 10, 10, 10, 0, 0])
})

test('a trend is believed for as long as it was seen', async () => {
  const { median } = await forecastOne([1, 2, 3, 4])
  expect(median[39]).toBeLessThan(8)
})

test.each([1, 2, 3])('%i values are enough', async (length) => {
  const { median, quantiles } = await forecastOne([5, 5.5, 6].slice(0, length))
  expect([...median, ...quantiles].every(Number.isFinite)).toBe(true)
})

test('a gap at the end is no time in which a trend was seen', async () => {
  const { median } = await forecastOne([1, 2, 3, 4, ...new Array(500).fill(Number.NaN)])
  expect(median[39]).toBeLessThan(8)
})
