import { expect, test } from 'vitest'
import { forecastHistories } from '../../../tasks/adhoc/forecast-histories.ts'
import { fakeDeps, fakeForecaster } from '../../fakes/fake-deps.ts'

const request = { stepMs: 60_000, horizon: 2, levels: [0.5], model: 'flat' }
const history = (startMs: number, ...values: number[]) => ({ labels: {}, startMs, values: Float64Array.from(values) })

test('series are forecast from their own ends, those of one end together, and answered in order', async () => {
  const flat = fakeForecaster('flat')
  const done: number[] = []
  const series = [history(0, 1, 2), history(60_000, 3), history(0, 4)]
  const forecasts = await forecastHistories(fakeDeps({ forecasters: [flat] }), {
    ...{ ...request, series },
    onProgress: (count) => done.push(count),
  })
  expect(forecasts.map(({ median }) => [...median])).toEqual([
    [2, 2],
    [3, 3],
    [4, 4],
  ])
  expect(flat.requests.map(({ endMs, contexts }) => [endMs, contexts.length])).toEqual([
    [60_000, 2],
    [0, 1],
  ])
  expect(done).toEqual([2, 3])
})

test('a model that fails is an error: nobody asked for another', async () => {
  const deps = fakeDeps({ forecasters: [fakeForecaster('flat', { error: new Error('out of memory') })] })
  await expect(forecastHistories(deps, { ...request, series: [history(0, 1)] })).rejects.toMatchObject({
    ...{ code: 'MODEL_FAILED', message: 'out of memory' },
  })
})
