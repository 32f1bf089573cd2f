import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { createInference } from '../../../models/chronos/inference/inference.ts'
import { embeddedForecaster } from '../../../models/embedded/embedded-forecaster.ts'
import type { Forecast } from '../../../models/forecaster.ts'
import { forecasterContract } from '../../contract/forecaster-contract.ts'

/** Forecasts of the network that was trained, in PyTorch: see test/fixtures/embedded/README.md. */
interface Golden {
  readonly name: string
  readonly values: readonly (number | null)[]
  readonly horizon: number
  /** By level. */
  readonly quantiles: Readonly<Record<string, readonly number[]>>
}

const at = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url))
const goldens = JSON.parse(readFileSync(at('test/fixtures/embedded/forecasts.json'), 'utf8')) as Golden[]
const card = readFileSync(at('models/embedded/weights/README.md'), 'utf8')
const inference = createInference()
const forecaster = embeddedForecaster(inference)

afterAll(() => inference.close())

forecasterContract('chronos-embedded', () => ({ ...embeddedForecaster(inference), close: async () => {} }), {
  tolerance: 1e-4,
})

async function forecastOne(values: readonly number[], horizon: number, levels = [0.01, 0.5, 0.99]): Promise<Forecast> {
  const contexts = [Float64Array.from(values)]
  const [made] = await forecaster.forecast({ contexts, endMs: 0, stepMs: 60_000, horizon, levels })
  return made!
}

test.each(goldens)('forecasts as it was trained: $name', async ({ values, horizon, quantiles }) => {
  const known = values.map((value) => value ?? Number.NaN)
  const levels = Object.keys(quantiles).map(Number)
  const made = await forecastOne(known, horizon, levels)
  const finite = known.filter(Number.isFinite)
  const mean = finite.reduce((sum, value) => sum + value, 0) / finite.length
  const scale = Math.sqrt(finite.reduce((sum, value) => sum + (value - mean) ** 2, 0) / finite.length)
  const expected = Object.values(quantiles).flat()
  for (const [i, value] of expected.entries()) {
    // seven digits of the fixture, and single precision in another order, which sinh makes larger far from the mean
    const allowed = 2e-5 * (scale + Math.abs(value - mean)) + 1e-6 * Math.abs(mean)
    expect(Math.abs(made.quantiles[i]! - value), `value ${i}`).toBeLessThan(allowed)
  }
})

describe('the weights', () => {
  test.each(['model.safetensors', 'config.json'])('%s are those that the model card describes', (file) => {
    const sha256 = createHash('sha256')
      .update(readFileSync(at(`models/embedded/weights/${file}`)))
      .digest('hex')
    expect(card).toContain(sha256)
  })

  test('have a revision, as the model card tells it', () => {
    expect(forecaster.revision).toHaveLength(12)
    expect(card).toContain(`\`${forecaster.revision}`)
  })

  test('take no covariates', () => {
    expect(forecaster.takesCovariates).toBe(false)
  })
})

describe('what it learned', () => {
  const daily = (i: number) => 10 + 5 * Math.sin((2 * Math.PI * i) / 96)
  const meanError = (median: Float64Array, from: number, wave: (i: number) => number) =>
    median.reduce((sum, value, h) => sum + Math.abs(value - wave(from + h)), 0) / median.length

  test('a wave goes on', async () => {
    const { median } = await forecastOne(
      Array.from({ length: 480 }, (_, i) => daily(i)),
      96,
    )
    expect(meanError(median, 480, daily)).toBeLessThan(0.5)
  })

  test('a ramp goes on', async () => {
    const noisy = (i: number) => 3 * i + Math.sin(i * i)
    const { median } = await forecastOne(
      Array.from({ length: 512 }, (_, i) => noisy(i)),
      64,
    )
    expect(meanError(median, 512, (i) => 3 * i)).toBeLessThan(10)
  })
})
