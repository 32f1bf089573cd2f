import { expect, test } from 'vitest'
import { levels } from '../../../bench/accuracy/levels.ts'
import { probe } from '../../../bench/accuracy/probes.ts'
import { naive } from '../../../bench/accuracy/references.ts'
import { ramps, waves, withGaps } from '../../../bench/accuracy/waves.ts'
import type { Forecaster } from '../../../models/forecaster.ts'

const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length

test('a sine swings around zero, a square is up half of the time, both with some noise', () => {
  const [sine, square] = (['sine', 'square'] as const).map(
    (kind) => waves({ kind, period: 25, length: 500, count: 1 })[0]!,
  )
  expect(mean(sine!)).toBeCloseTo(0, 1)
  expect(mean(sine!.map((value) => value * value))).toBeCloseTo(0.5, 1)
  expect(mean(square!)).toBeCloseTo(0.5, 1)
  const deviation = Math.sqrt(mean(square!.map((value) => Math.min(value ** 2, (value - 1) ** 2))))
  expect(deviation).toBeGreaterThan(0.04)
  expect(deviation).toBeLessThan(0.06)
})

test('the same wave comes again, at other phases', () => {
  const query = { kind: 'sine', period: 24, length: 100, count: 2 } as const
  expect(waves(query)).toEqual(waves(query))
  expect(waves(query)[0]).not.toEqual(waves(query)[1])
})

test('a share of the values is missing', () => {
  const gaps = withGaps(new Float64Array(2_000), 0.3, 1).filter(Number.isNaN)
  expect(Math.abs(gaps.length - 600)).toBeLessThan(60)
})

test('a ramp rises by its slope', () => {
  const [ramp] = ramps(0.5, 400, 1)
  expect(Math.abs(mean(ramp!.subarray(200)) - mean(ramp!.subarray(0, 200)) - 100)).toBeLessThan(1)
})

/** Takes a day for the season, as models do that look for one. */
const dayNaive: Forecaster = {
  ...{ name: 'day-naive', minContext: 1, maxContext: 10_000 },
  forecast: async ({ contexts, stepMs, horizon }) =>
    contexts.map((context) => {
      const quantiles = naive({ context, season: Math.round(86_400_000 / stepMs) }, horizon)
      return { levels, quantiles, median: quantiles.slice(10 * horizon, 11 * horizon) }
    }),
  close: async () => {},
}

test('a wave is a day long for who looks for one, so seasonal naive is as good as itself', async () => {
  const rows = await probe({ model: 'day-naive', forecaster: dayNaive, count: 2, aims: true })
  const waveRows = rows.filter(({ unit }) => unit === 'of naive')
  expect(waveRows).toHaveLength(58)
  for (const { value } of waveRows) expect(value).toBeCloseTo(1, 12)
  const find = (name: string) => rows.find((row) => row.name === `day-naive, ${name}`)
  expect(find('512 p96: sine')).toMatchObject({ aim: '<= 0.95', met: false })
  expect(find('512 p96: square')).toMatchObject({ aim: '<= 1.3', met: true })
  expect(find('512 p37.3: sine')).toMatchObject({ aim: null })
  expect(find('120 p60: sine')).toMatchObject({ aim: null })
  expect(find('240 p60: square')).toMatchObject({ aim: '<= 1.4' })
  expect(find('512 p24: square with gaps')!.value).toBeGreaterThan(1)
  // it repeats the last day, which lies 288 steps back
  expect(find('512 slope 1: ramp rise')).toMatchObject({ value: expect.closeTo((64 - 288) / 64, 0), met: false })
  expect(find('512: off a constant')).toMatchObject({ value: 0, met: true })
  expect(find('512: off an affine map')?.met).toBe(true)
})
