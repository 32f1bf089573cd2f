import { expect, test } from 'vitest'
import type { Block } from '../../../models/chronos/pipeline/blocks.ts'
import { randomSource } from '../../fakes/random.ts'

type ForecastSeries = (contexts: readonly Float64Array[]) => Promise<Block[]>

/** A wave with noise, a gap of two patches and scattered ones. */
function series(length: number, seed: number): Float64Array {
  const random = randomSource(seed)
  return Float64Array.from({ length }, (_, i) =>
    (i > 100 && i < 140) || random() < 0.05 ? Number.NaN : 20 + 5 * Math.sin(i / 7) + random(),
  )
}

function expectClose(made: Block | undefined, wanted: Block | undefined, tolerance: number): void {
  expect(wanted?.length).toBeGreaterThan(0)
  let farthest = 0
  for (const [i, value] of (wanted ?? new Float64Array()).entries()) {
    farthest = Math.max(farthest, Math.abs(value - (made?.[i] ?? Number.NaN)))
  }
  expect(farthest).toBeLessThan(tolerance)
}

/** What holds for every input of a network whose rows are alone. */
export function networkProperties(forecast: ForecastSeries): void {
  const contexts = [37, 300, 20, 300, 410, 300].map((length, i) => series(length, i + 1))

  test('y(a x + b) = a y(x) + b', async () => {
    const plain = await forecast(contexts)
    for (const [a, b] of [
      [8, 0],
      [0.001, 0],
      [3.7, 250],
    ] as const) {
      const moved = await forecast(contexts.map((context) => context.map((value) => a * value + b)))
      for (const [i, block] of plain.entries())
        expectClose(
          moved[i],
          block.map((value) => a * value + b),
          a * 1e-3,
        )
    }
  })

  test.each([1, 16, 40])('%i gaps before a series change nothing', async (gaps) => {
    const padded = contexts.map((context) => Float64Array.of(...new Float64Array(gaps).fill(Number.NaN), ...context))
    expect(await forecast(padded)).toEqual(await forecast(contexts))
  })

  test('order and company change nothing but rounding', async () => {
    const together = await forecast(contexts)
    const reversed = (await forecast(contexts.toReversed())).toReversed()
    for (const [i, block] of together.entries()) {
      const [alone] = await forecast(contexts.slice(i, i + 1))
      expectClose(reversed[i], block, 1e-3)
      expectClose(alone, block, 1e-3)
    }
  })

  test('infinite values are gaps', async () => {
    const infinite = contexts.map((context) => context.map((value) => (Number.isNaN(value) ? -Infinity : value)))
    expect(await forecast(infinite)).toEqual(await forecast(contexts))
  })
}
