import { expect, test } from 'vitest'
import { type ForecastOnceContext, forecastOnce } from '../../flows/forecast-once.ts'
import { type ForecastOnceInput, forecastOnceParams } from '../../flows/forecast-once-params.ts'
import { flows } from '../../flows/registry.ts'
import { seasonalNaive } from '../../models/seasonal-naive.ts'
import { fakeDeps, fakeForecaster } from '../fakes/fake-deps.ts'
import { fakeStore } from '../fakes/fake-store.ts'

const nowMs = Date.parse('2026-01-31T12:00:10Z')
const context: ForecastOnceContext = {
  ...{ nowMs, defaultModel: 'flat', evalDelayMs: 30_000, maxSeries: 10, maxValues: 1_000 },
}
const tens = Array.from({ length: 40 }, (_, i) => i)
const iso = (ms: number | undefined) => new Date(ms ?? 0).toISOString()

function run(input: ForecastOnceInput, options: Partial<ForecastOnceContext> = {}, deps = fakeDeps()) {
  return forecastOnce.run(deps, forecastOnceParams.parse(input), { ...context, ...options })
}

test('is a flow as the others', () => {
  expect(flows.forecastOnce).toBe(forecastOnce)
})

test('inline series without a start end at now, on the grid', async () => {
  const { series, ...rest } = await run({ series: [{ values: tens }], predictionLength: 3, historyLength: 2 })
  expect(rest).toEqual({
    ...{ model: 'flat', stepMs: 300_000, horizon: 3, levels: [0.1, 0.5, 0.9], historyPoints: 40, warnings: [] },
  })
  expect(iso(series[0]?.endMs)).toBe('2026-01-31T12:00:00.000Z')
  expect(series[0]).toMatchObject({ labels: {}, historyPoints: 40, history: Float64Array.of(38, 39) })
  expect([series[0]?.median?.length, series[0]?.quantiles?.length]).toEqual([3, 9])
})

test('asOf looks at nothing that came later', async () => {
  const input = { series: [{ start: '2026-01-01', values: tens }], step: '1d', predictionLength: 1 }
  const whole = await run(input)
  const cut = await run({ ...input, asOf: '2026-01-20T23:00:00Z' })
  expect([whole.series[0]?.median?.[0], cut.series[0]?.median?.[0]]).toEqual([39, 19])
  expect(iso(cut.series[0]?.endMs)).toBe('2026-01-20T00:00:00.000Z')
})

test('a query is read up to its last complete step, and skipped series keep their place', async () => {
  const store = fakeStore()
  const endMs = Date.parse('2026-01-31T11:55:00Z')
  store.load('m{name="short"} 0+1x2', { startMs: endMs - 2 * 300_000, stepMs: 300_000 })
  store.load('m{name="long"} 0+1x39', { startMs: endMs - 39 * 300_000, stepMs: 300_000 })
  const { series, warnings } = await run({ query: 'm', context: 50 }, {}, fakeDeps({ store }))
  expect(series.map(({ labels, skipped, historyPoints }) => [labels.name, skipped, historyPoints])).toEqual([
    ['short', 'too_few_points', 3],
    ['long', undefined, 40],
  ])
  expect(series.map((each) => iso(each.endMs))).toEqual(Array(2).fill('2026-01-31T11:55:00.000Z'))
  expect(warnings).toEqual([expect.stringContaining('not forecast')])
})

test('a query without series is an answer without series', async () => {
  expect(await run({ query: 'm' })).toMatchObject({ series: [], warnings: ['the query returned no series'] })
})

test('few points are forecast with a warning', async () => {
  const { warnings } = await run({ series: [{ labels: { a: '1' }, values: tens.slice(0, 29) }] })
  expect(warnings).toEqual([expect.stringContaining('fewer than 30 points of history')])
})

test.each([
  { input: { query: 'm', model: 'crystal' }, error: 'crystal' },
  { input: { query: 'm', useCovariates: true }, error: '/useCovariates: not supported by model flat' },
  { input: { query: 'm', asOf: '2026-02-01' }, error: '/asOf: lies in the future' },
  { input: { series: [{ values: [1, 2, 3] }] }, error: '/series/0/values: no series can be forecast: too_few_points' },
  {
    input: { series: [{ values: [] }] },
    error: 'too_few_points (the first has 0 finite values, 5 are needed at least)',
  },
  { input: { rows: [{ timestamp: 0, target: 1 }], step: '1h' }, error: '/rows: no series can be forecast' },
  { input: { series: [{ values: tens }], predictionLength: 334 }, error: '/predictionLength: series x steps x levels' },
])('$input is refused: $error', async ({ input, error }) => {
  await expect(run(input)).rejects.toThrow(error)
})

test('rows, by a real model', async () => {
  const rows = Array.from({ length: 48 }, (_, i) => ({ at: i * 3_600, sold: i % 24 }))
  const deps = fakeDeps({ forecasters: [seasonalNaive(), fakeForecaster('flat')] })
  const input = { rows, timestampColumn: 'at', targetColumn: 'sold', model: 'seasonal-naive', predictionLength: 24 }
  const { series, stepMs } = await run({ ...input, confidenceLevel: 0.8 }, {}, deps)
  expect(stepMs).toBe(3_600_000)
  expect([...(series[0]?.median ?? [])]).toEqual(Array.from({ length: 24 }, (_, i) => i))
})
