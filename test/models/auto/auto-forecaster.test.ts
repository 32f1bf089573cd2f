import { describe, expect, test } from 'vitest'
import { autoForecaster } from '../../../models/auto/auto-forecaster.ts'
import type { Forecast, Forecaster, ForecastRequest } from '../../../models/forecaster.ts'
import { seasonalNaive } from '../../../models/seasonal-naive.ts'
import { forecasterContract } from '../../contract/forecaster-contract.ts'
import { flat } from '../../fakes/flat-forecaster.ts'

forecasterContract('auto', () => autoForecaster({ model: seasonalNaive(), others: [flat('flat', 0.5)] }))

const stepMs = 60_000

interface Turn extends Partial<ForecastRequest> {
  readonly values: readonly number[]
  readonly record?: Uint8Array | undefined
}

async function turn(auto: Forecaster, { values, record, ...request }: Turn): Promise<Forecast> {
  const contexts = [Float64Array.from(values)]
  const [made] = await auto.forecast({
    ...{ contexts, endMs: values.length * stepMs, stepMs, horizon: 16, levels: [0.005, 0.995] },
    ...(record && { records: [record] }),
    ...request,
  })
  return made!
}

const always = (value: number, length = 100) => new Array<number>(length).fill(value)

describe('the rule', () => {
  test.each([
    { actual: 10, mixed: 10, why: 'both are right' },
    { actual: 12, mixed: 11, why: 'the other is right' },
    { actual: 11, mixed: 10, why: 'they are as wrong as each other' },
    { actual: 11.1, mixed: 10, why: 'the other is better, within the margin' },
    { actual: 11.6, mixed: 11, why: 'the other is better by far' },
  ])('$actual is forecast as $mixed: $why', async ({ actual, mixed }) => {
    const other = flat('other', actual === 10 ? 10 : 12)
    const made = await turn(autoForecaster({ model: flat('model', 10), others: [other] }), { values: always(actual) })
    expect(made.median[0]).toBe(mixed)
    expect([made.quantiles[0], made.quantiles[16]]).toEqual([mixed - 0.99, mixed + 0.99])
  })

  test('the best of several others joins', async () => {
    const others = [flat('far', 18), flat('near', 20), flat('wrong', 30)]
    const made = await turn(autoForecaster({ model: flat('model', 10), others }), { values: always(20) })
    expect(made.median[15]).toBe(15)
  })

  test('series of one request are judged one by one', async () => {
    const auto = autoForecaster({ model: flat('model', 10), others: [flat('other', 20)] })
    const contexts = [always(10), always(20), always(Number.NaN), always(20, 20)].map((v) => Float64Array.from(v))
    const made = await auto.forecast({ contexts, endMs: 0, stepMs, horizon: 3, levels: [0.5] })
    // three steps of a horizon are too few to judge by
    expect(made.map(({ median }) => median[0])).toEqual([10, 10, Number.NaN, 10])
    const longer = await auto.forecast({ contexts, endMs: 0, stepMs, horizon: 16, levels: [0.5] })
    expect(longer.map(({ median }) => median[0])).toEqual([10, 15, Number.NaN, 10])
  })

  test('the model that fails is the failure', async () => {
    const broken = { ...flat('model', 1), forecast: () => Promise.reject(new Error('no weights')) }
    const made = turn(autoForecaster({ model: broken, others: [flat('other', 1)] }), { values: always(1) })
    await expect(made).rejects.toThrow('no weights')
  })
})

describe('records', () => {
  const setUp = () => {
    const model = flat('model', 10)
    return { model, auto: autoForecaster({ model, others: [flat('other', 20)] }) }
  }

  test('spare the second inference', async () => {
    const { model, auto } = setUp()
    const first = await turn(auto, { values: always(10) })
    expect(model.asked).toBe(2)
    await turn(auto, { values: always(10, 110), record: first.record })
    expect(model.asked).toBe(3)
  })

  test('let the other in once the model is wrong, as far as it is not sudden', async () => {
    const auto = autoForecaster({ model: flat('model', 10), others: [flat('other', 16)] })
    let { record } = await turn(auto, { values: always(12) })
    const medians: number[] = []
    for (let hour = 1; hour <= 3; hour++) {
      const made = await turn(auto, { values: [...always(12), ...always(14.5, 16 * hour)], record })
      record = made.record
      medians.push(made.median[0]!)
    }
    expect(medians[0]).toBe(10)
    expect(medians.at(-1)).toBe(13)
  })

  test('that no longer hold are back-tested anew', async () => {
    const { model, auto } = setUp()
    const { record } = await turn(auto, { values: always(10.5) })
    const made = await turn(auto, { values: [...always(10.5), ...always(20, 16)], record })
    // twice, as the other may join
    expect(model.asked).toBe(5)
    expect(made.median[0]).toBe(15)
  })

  test.each<[string, Turn]>([
    ['of another step', { values: always(10, 110), stepMs: 30_000 }],
    ['that are cut', { values: always(10, 110) }],
    ['of the future', { values: always(10, 90) }],
    ['older than half the context', { values: always(10), endMs: 300 * stepMs }],
  ])('%s count for nothing', async (name, next) => {
    const { model, auto } = setUp()
    const { record } = await turn(auto, { values: always(10) })
    await turn(auto, { ...next, record: name === 'that are cut' ? record?.subarray(3) : record })
    expect(model.asked).toBe(4)
  })

  test('of other weights count for nothing', async () => {
    const { record } = await turn(setUp().auto, { values: always(10) })
    const retrained = { ...flat('model', 10), revision: 'b2' }
    await turn(autoForecaster({ model: retrained, others: [flat('other', 20)] }), { values: always(10, 110), record })
    expect(retrained.asked).toBe(2)
  })

  test('of the same moment are carried on', async () => {
    const { model, auto } = setUp()
    const first = await turn(auto, { values: always(20) })
    const again = await turn(auto, { values: always(20), record: first.record })
    expect(model.asked).toBe(4)
    expect(again.median[0]).toBe(15)
    expect(again.record).toEqual(first.record)
  })

  test('survive values far from zero and gaps', async () => {
    const auto = autoForecaster({ model: flat('model', 1e9), others: [flat('other', 1e9 + 10)] })
    const values = always(1e9 + 10).map((value, i) => (i % 3 === 0 ? Number.NaN : value))
    const first = await turn(auto, { values })
    expect(first.median[0]).toBe(1e9 + 5)
    const next = await turn(auto, { values: [...values, ...always(1e9 + 10, 30)], record: first.record })
    expect(next.median[0]).toBe(1e9 + 5)
  })
})
