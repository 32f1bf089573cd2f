import { afterEach, describe, expect, test } from 'vitest'
import { chronosForecaster } from '../../../../models/chronos/chronos-forecaster.ts'
import { createInference, type InferenceOptions } from '../../../../models/chronos/inference/inference.ts'
import { fixtures } from '../goldens.ts'

let closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing) await close()
  closing = []
})

interface Seen {
  /** Series of each batch. */
  readonly batches: number[]
  /** Copies in memory, after each change. */
  readonly copies: number[]
}

function open(options: InferenceOptions = {}, checkpoint = 'chronos2') {
  const seen: Seen = { batches: [], copies: [] }
  const inference = createInference({
    ...{ cores: 1, ...options },
    metrics: {
      batch: (_, __, series) => void seen.batches.push(series),
      copies: (_, count) => void seen.copies.push(count),
    },
  })
  closing.push(() => inference.close())
  return { ...seen, inference, forecaster: chronosForecaster({ folder: `${fixtures}/${checkpoint}`, inference }) }
}

const series = (seed: number, length = 100) => Float64Array.from({ length }, (_, i) => Math.sin(i / 4 + seed) + (i % 7))
const requestOf = (contexts: readonly Float64Array[], horizon = 3) => ({
  ...{ contexts, endMs: 0, stepMs: 60_000, horizon, levels: [0.1, 0.5, 0.9] },
})

test('many calls of one series are the batches of one call of many', async () => {
  const { forecaster, batches } = open({ batchTokens: 160 })
  const contexts = Array.from({ length: 40 }, (_, i) => series(i))
  const together = await forecaster.forecast(requestOf(contexts))
  // 7 patches, REG and one of the forecast: 9 tokens each
  expect(batches.splice(0)).toEqual([14, 13, 13])
  const apart = await Promise.all(contexts.map((context) => forecaster.forecast(requestOf([context]))))
  expect(batches).toEqual([14, 13, 13])
  expect(apart.flat()).toEqual(together)
})

test('a short call overtakes the rest of a long one', async () => {
  const { forecaster } = open({ batchTokens: 100 })
  await forecaster.forecast(requestOf([series(0)]))
  const ended: string[] = []
  const note = (name: string) => () => void ended.push(name)
  const long = forecaster.forecast(requestOf(Array.from({ length: 300 }, (_, i) => series(i)))).then(note('long'))
  const short = forecaster.forecast(requestOf([series(1, 40)])).then(note('short'))
  await Promise.all([long, short])
  expect(ended).toEqual(['short', 'long'])
})

test('an abort ends the call, and the next one is computed', async () => {
  const { forecaster, batches } = open({ batchTokens: 10 })
  const controller = new AbortController()
  const aborted = forecaster.forecast(requestOf(Array.from({ length: 200 }, (_, i) => series(i))), controller.signal)
  await expect.poll(() => batches.length, { timeout: 10_000, interval: 5 }).toBeGreaterThan(0)
  controller.abort('enough')
  await expect(aborted).rejects.toBe('enough')
  expect(batches.length).toBeLessThan(200)
  expect(await forecaster.forecast(requestOf([series(1)]))).toHaveLength(1)
})

test('copies are opened when there is work for them, and unloaded when there is none', async () => {
  const { forecaster, copies } = open({ cores: 2, idleUnloadMs: 30 })
  expect(copies).toEqual([])
  await forecaster.forecast(requestOf([series(0)]))
  expect(copies).toEqual([1])
  const [before] = await forecaster.forecast(requestOf([series(0), series(1)]))
  await expect.poll(() => copies.at(-1), { timeout: 5_000 }).toBe(0)
  const [after] = await forecaster.forecast(requestOf([series(0), series(1)]))
  expect(after).toEqual(before)
})

describe('memory', () => {
  const work = 128e6

  test('makes room by unloading what has no work', async () => {
    const { inference, forecaster } = open({ memoryBytes: 1.5 * work })
    const other = chronosForecaster({ folder: `${fixtures}/bolt`, inference })
    for (const one of [forecaster, other, forecaster])
      expect(await one.forecast(requestOf([series(0)]))).toHaveLength(1)
  })

  test('that is taken by models at work refuses another', async () => {
    const { inference, forecaster } = open({ memoryBytes: 1.5 * work })
    await forecaster.forecast(requestOf([series(0)]))
    const atWork = forecaster.forecast(requestOf(Array.from({ length: 500 }, (_, i) => series(i))))
    const other = chronosForecaster({ folder: `${fixtures}/bolt`, inference }).forecast(requestOf([series(0)]))
    await expect(other).rejects.toMatchObject({
      code: 'MODEL_TOO_LARGE',
      message: expect.stringMatching(/taken.*193 MB|of 192 MB/),
    })
    await atWork
  })

  test('that a model took in vain is given back once', async () => {
    const { inference, forecaster } = open({ memoryBytes: 1.5 * work, device: 'abacus' })
    await expect(forecaster.forecast(requestOf([series(0)]))).rejects.toMatchObject({ code: 'MODEL_FAILED' })
    const [, later] = await Promise.allSettled(
      ['bolt', 'bolt-long'].map((checkpoint) =>
        chronosForecaster({ folder: `${fixtures}/${checkpoint}`, inference }).forecast(requestOf([series(0)])),
      ),
    )
    // room for one at a time
    expect(later).toMatchObject({ status: 'rejected', reason: { code: 'MODEL_TOO_LARGE' } })
  })

  test('that could never hold a model is told when it is opened', () => {
    expect(() => open({ memoryBytes: work })).toThrowError(expect.objectContaining({ code: 'MODEL_TOO_LARGE' }))
  })
})

test('a device that this onnxruntime has not is named, with what it has', async () => {
  const { forecaster } = open({ device: 'abacus' })
  await expect(forecaster.forecast(requestOf([series(0)]))).rejects.toMatchObject({
    code: 'MODEL_FAILED',
    message: expect.stringMatching(/device "abacus".*it has .*cpu/),
  })
})

test('what cannot be opened is not tried again at once', async () => {
  const { forecaster } = open({ device: 'abacus' })
  const errors = []
  for (const context of [series(0), series(1)])
    errors.push(await forecaster.forecast(requestOf([context])).catch((error) => error))
  expect(errors[1]).toBe(errors[0])
})

describe('int8', () => {
  const contexts = Array.from({ length: 9 }, (_, i) => series(i, 60 + 20 * (i % 3)))

  test.each(['bolt', 'chronos2'])('%s forecasts nearly the same', async (checkpoint) => {
    const [exact, quantised] = await Promise.all(
      (['float32', 'int8'] as const).map((precision) =>
        open({ precision }, checkpoint).forecaster.forecast(requestOf(contexts, 40)),
      ),
    )
    const gaps =
      exact?.flatMap(({ quantiles }, i) =>
        [...quantiles].map((value, j) => Math.abs(value - (quantised?.[i]?.quantiles[j] ?? Number.NaN))),
      ) ?? []
    // the contexts deviate by 2
    const mean = gaps.reduce((a, b) => a + b, 0) / gaps.length
    expect(mean).toBeGreaterThan(1e-4)
    expect(mean).toBeLessThan(0.1)
  })

  test('a series alone has the values that it has in company', async () => {
    const { forecaster } = open({ precision: 'int8' })
    const together = await forecaster.forecast(requestOf(contexts))
    for (const [i, context] of contexts.entries())
      expect((await forecaster.forecast(requestOf([context])))[0]).toEqual(together[i])
  })
})
