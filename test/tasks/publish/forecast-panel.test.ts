import { expect, test } from 'vitest'
import { AppError } from '../../../models/errors.ts'
import { forecastPanel, type PanelRequest } from '../../../tasks/publish/forecast-panel.ts'
import { fakeDeps, fakeForecaster, fakeForecasters } from '../../fakes/fake-deps.ts'

const request = (contexts: readonly Float64Array[], more: Partial<PanelRequest> = {}): PanelRequest => ({
  ...{ contexts, endMs: 0, stepMs: 1_000, horizon: 2, levels: [0.1, 0.9], model: 'good', fallback: 'spare' },
  ...more,
})
const contextsOf = (count: number) => Array.from({ length: count }, (_, i) => Float64Array.of(i, i))

test('a large panel is forecast in order, in batches that leave turns to others', async () => {
  const good = fakeForecaster('good')
  const deps = fakeDeps({ forecasters: [good] })
  let turns = 0
  const watch = () => {
    turns += 1
    handle = setImmediate(watch)
  }
  let handle = setImmediate(watch)
  const { forecasts, model, fallback } = await forecastPanel(deps, request(contextsOf(1_000)))
  clearImmediate(handle)
  expect(forecasts.map(({ median }) => median[1])).toEqual(Array.from({ length: 1_000 }, (_, i) => i))
  expect(Math.max(...good.requests.map(({ contexts }) => contexts.length))).toBeLessThanOrEqual(128)
  expect(turns).toBeGreaterThanOrEqual(good.requests.length)
  expect({ model, fallback }).toEqual({ model: 'good', fallback: undefined })
  expect(deps.metrics.inferences.reduce((sum, { seriesCount }) => sum + seriesCount, 0)).toBe(1_000)
})

test.each([
  { name: 'unknown', code: 'MODEL_UNKNOWN', model: 'missing', error: undefined },
  { name: 'failing', code: 'MODEL_FAILED', model: 'bad', error: new Error('out of memory') },
  {
    name: 'failing with a code',
    code: 'UNSUPPORTED',
    model: 'bad',
    error: new AppError('UNSUPPORTED', 'no such instruction'),
  },
])('the fall-back stands in for a model that is $name', async ({ code, model, error }) => {
  const deps = fakeDeps({ forecasters: [fakeForecaster('bad', error && { error }), fakeForecaster('spare')] })
  const made = await forecastPanel(deps, request(contextsOf(3), { model }))
  const fallbackDetail = error?.message ?? expect.stringContaining('missing')
  expect(made).toMatchObject({ model: 'spare', fallback: `fallback:${code}`, fallbackDetail })
  expect(made.forecasts.map(({ median }) => median[0])).toEqual([0, 1, 2])
  expect(deps.metrics.fallbacks).toEqual([{ reason: code, seriesCount: 3 }])
})

test('one batch that fails does not cost the others their model', async () => {
  const good = fakeForecaster('good')
  const flaky = {
    ...good,
    forecast: async (asked: Parameters<typeof good.forecast>[0]) => {
      if (asked.contexts[0]?.[0] === 0) throw new Error('bad batch')
      return good.forecast(asked)
    },
  }
  const deps = fakeDeps({ forecasters: [flaky, fakeForecaster('spare')] })
  const made = await forecastPanel(deps, request(contextsOf(600)))
  expect(made).toMatchObject({ model: 'good', fallback: 'fallback:MODEL_FAILED' })
  expect(deps.metrics.fallbacks).toEqual([{ reason: 'MODEL_FAILED', seriesCount: 32 }])
  expect(made.forecasts[599]?.median[0]).toBe(599)
})

test.each(['a registered', 'any other'])(
  "series that are too short for %s model are the fall-back's",
  async (which) => {
    const good = { ...fakeForecaster('good'), minContext: 3 }
    const spare = fakeForecaster('spare')
    const forecasters = fakeForecasters([good, spare])
    const names = which === 'a registered' ? forecasters.names : ['spare']
    const deps = { ...fakeDeps(), forecasters: { ...forecasters, names } }
    const contexts = [Float64Array.of(1, 1, 1), Float64Array.of(2, Number.NaN, 2), Float64Array.of(3, 3, 3)]
    const made = await forecastPanel(deps, request(contexts))
    expect(made.forecasts.map(({ median }) => median[0])).toEqual([1, 2, 3])
    expect(spare.requests.map((asked) => asked.contexts.length)).toEqual([1])
    expect(made).toMatchObject({ model: 'good', fallback: 'fallback:SHORT_CONTEXT' })
  },
)

test('a fall-back that fails fails the panel', async () => {
  const error = new AppError('MODEL_FAILED', 'spare: no')
  const deps = fakeDeps({ forecasters: [fakeForecaster('spare', { error })] })
  await expect(forecastPanel(deps, request(contextsOf(1)))).rejects.toBe(error)
  await expect(forecastPanel(deps, request(contextsOf(1), { model: 'spare' }))).rejects.toBe(error)
})

test('a model that loses series counts as failed', async () => {
  const lossy = { ...fakeForecaster('good'), forecast: async () => [] }
  const made = await forecastPanel(fakeDeps({ forecasters: [lossy, fakeForecaster('spare')] }), request(contextsOf(2)))
  expect(made.fallback).toBe('fallback:MODEL_FAILED')
})

test.each(['spare', 'good'])(
  'cancelling is no reason to fall back to %s, nor a failure of the model',
  async (fallback) => {
    const controller = new AbortController()
    const reason = new AppError('RUN_TIMEOUT', 'too long')
    const slow = {
      ...fakeForecaster('good'),
      forecast: async () => {
        controller.abort(reason)
        throw new Error('stopped')
      },
    }
    const deps = fakeDeps({ forecasters: [slow, fakeForecaster('spare')], signal: controller.signal })
    await expect(forecastPanel(deps, request(contextsOf(1), { fallback }))).rejects.toBe(reason)
    expect(deps.metrics.fallbacks).toEqual([])
  },
)
