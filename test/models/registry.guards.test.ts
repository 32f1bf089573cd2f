import { afterAll, describe, expect, test } from 'vitest'
import type { Forecast } from '../../models/forecaster.ts'
import { createForecasters } from '../../models/registry.ts'
import { randomSource } from '../fakes/random.ts'

const forecasters = createForecasters()
afterAll(() => forecasters.close())

const horizon = 64
const next = randomSource(11)
const noise = () => next() + next() + next() - 1.5

const made = (length: number, value: (i: number) => number) => Float64Array.from({ length }, (_, i) => value(i))
const day = (i: number) => Math.sin((2 * Math.PI * i) / 288)

/** What metrics look like on a bad day, and some that are odd every day. */
const contexts: Readonly<Record<string, Float64Array>> = {
  'constant but for one value': made(512, (i) => (i === 400 ? 5.000001 : 5)),
  'constant but for the last value': made(512, (i) => (i === 511 ? 5.000001 : 5)),
  'constant but for the rounding of floats': made(512, (i) => 0.1 * 3 + (i % 7 === 0 ? 5e-17 : 0)),
  'a new constant level': made(512, (i) => (i < 509 ? 1 : 1_000)),
  'a large level with little noise': made(512, () => 1e12 + noise()),
  'mostly zero': made(512, (i) => (i % 97 === 50 ? 1 + i : 0)),
  'zero but once': made(2_016, (i) => (i === 1_000 ? 1e6 : 0)),
  'values on few steps': made(512, (i) => (i % 41 === 0 ? 10 + noise() : Number.NaN)),
  'a counter with resets': made(2_016, (i) => (i % 500) * 1e5 + noise()),
  'a counter just reset': made(512, (i) => (i < 510 ? 1e9 + i * 1e4 : i - 510)),
  'a spike': made(512, (i) => (i === 300 ? 1e9 : 10 + noise())),
  'a spike at the end': made(512, (i) => (i === 511 ? 1e9 : 10 + noise())),
  'spikes now and then': made(2_016, () => (next() < 0.01 ? 1e4 / next() : 1 + 0.1 * noise())),
  'huge values': made(600, (i) => 1e300 * (2 + day(i) + 0.1 * noise())),
  'huge values of both signs': made(600, (i) => 1e300 * (day(i) + 0.1 * noise())),
  'tiny values': made(600, (i) => 1e-300 * (2 + day(i) + 0.1 * noise())),
  'small and huge values': made(512, () => 10 ** (40 * noise())),
  'infinite values': made(512, (i) => [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, day(i)][i % 3]!),
  'a step': made(512, (i) => (i < 400 ? 1 : 100) + noise()),
  'a ramp': made(512, (i) => i),
  'an exponential': made(512, (i) => Math.exp(i / 20)),
  alternating: made(512, (i) => (i % 2) * 100),
  'fifteen values': made(15, (i) => i + noise()),
  'seven values on a curve': made(7, (i) => Math.exp(i / 20)),
  'eleven values, then none': made(540, (i) => (i < 11 ? day(9 * i) : Number.NaN)),
  'values of long ago': made(2_016, (i) => (i < 100 ? day(i) + noise() : Number.NaN)),
  'a gap until the last value': made(2_016, (i) => (i < 1_000 || i === 2_015 ? day(i) + noise() : Number.NaN)),
}

describe.each(forecasters.names)('%s', (name) => {
  test.each(Object.keys(contexts))('forecasts nothing absurd from %s', async (kind) => {
    const context = contexts[kind]!
    expect(beyond(await forecastOne(name, context), context)).toBeLessThanOrEqual(10)
  })
})

async function forecastOne(name: string, context: Float64Array): Promise<Forecast> {
  const request = { contexts: [context], endMs: 0, stepMs: 300_000, horizon, levels: [0.01, 0.1, 0.5, 0.9, 0.99] }
  const [forecast] = await forecasters.get(name).forecast(request)
  return forecast!
}

/** How far the farthest value lies from those of the context, in ranges of the context; NaN where one is not finite. */
function beyond({ quantiles, median }: Forecast, context: Float64Array): number {
  const seen = context.filter(Number.isFinite)
  const [low, high] = [Math.min(...seen), Math.max(...seen)]
  let most = 0
  for (const value of [...quantiles, ...median]) {
    if (!Number.isFinite(value)) return Number.NaN
    most = Math.max(most, (value - high) / (high - low), (low - value) / (high - low))
  }
  return most
}
