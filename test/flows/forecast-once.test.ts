import { describe, expect, test } from 'vitest'
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
  {
    input: { query: 'm', useCovariates: true },
    error: '/useCovariates: model flat forecasts each series by itself; chronos-2',
  },
  { input: { query: 'm', asOf: '2026-02-01' }, error: '/asOf: lies in the future' },
  { input: { series: [{ values: [1, 2, 3] }] }, error: '/series/0/values: no series can be forecast: too_few_points' },
  {
    input: { series: [{ values: [] }] },
    error: 'too_few_points (the first has 0 finite values, 5 are needed at least)',
  },
  { input: { series: [{ values: [1e38, ...tens] }] }, error: 'value_too_large (one is above 1e37)' },
  { input: { rows: [{ timestamp: 0, target: 1 }], step: '1h' }, error: '/rows: no series can be forecast' },
  {
    input: { rows: [0, 0.5, 1].map((timestamp) => ({ timestamp, target: 1 })) },
    error: '/step: two rows are 0.5 s apart',
  },
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

describe('with covariates', () => {
  const able = () => fakeForecaster('flat', { takesCovariates: true })
  const price = { name: 'price', past: tens.map((_, i) => i), future: [1, 2, 3] }
  const endMs = Date.parse('2026-01-31T11:55:00Z')
  const namesOf = ({ requests }: ReturnType<typeof able>) =>
    requests.flatMap(({ covariates }) => covariates?.map((each) => each.map(({ name }) => name)))

  test('those that series bear, and the calendar', async () => {
    const forecaster = able()
    const deps = fakeDeps({ forecasters: [forecaster] })
    const series = [
      { labels: { a: '1' }, values: tens, covariates: [price] },
      { labels: { a: '2' }, values: tens },
    ]
    const covariates = { calendar: ['hourOfDay' as const], holidays: { countries: ['DE'] } }
    const { covariates: use, warnings } = await run({ series, predictionLength: 3, covariates }, {}, deps)
    const pair = ['hourOfDay.sin', 'hourOfDay.cos']
    expect(namesOf(forecaster)).toEqual([['price', ...pair], pair])
    expect(use).toMatchObject({ used: { price: 1 }, unvarying: { holiday: 2 } })
    expect(warnings).toContainEqual(expect.stringMatching(/^covariate "holiday" never changes/))
  })

  test('queries beside the query, of the series that are forecast', async () => {
    const forecaster = able()
    const store = fakeStore()
    for (const name of ['m', 'load']) {
      store.load(`${name}{pod="a"} 0+1x49`, { startMs: endMs - 39 * 300_000, stepMs: 300_000 })
      store.load(`${name}{pod="short"} 1 2`, { startMs: endMs - 300_000, stepMs: 300_000 })
    }
    store.load('m{pod="b"} 0+1x39', { startMs: endMs - 39 * 300_000, stepMs: 300_000 })
    const deps = fakeDeps({ store, forecasters: [forecaster] })
    const queries = [{ name: 'load', query: 'load', kind: 'known' as const }]
    const input = { query: 'm', context: 50, predictionLength: 3, covariates: { queries } }
    const { covariates, warnings } = await run(input, {}, deps)
    expect(forecaster.requests[0]?.covariates?.[0]?.[0]).toMatchObject({ future: Float64Array.of(40, 41, 42) })
    expect(covariates).toMatchObject({ used: { load: 1 }, missing: { load: 1 } })
    expect(warnings).toContainEqual(expect.stringMatching(/^covariate "load" is missing.*1 series/))
  })

  test('are left aside where they are not to be used', async () => {
    const forecaster = able()
    const series = [{ values: tens, covariates: [price] }]
    const input = { series, predictionLength: 3, useCovariates: false }
    const { covariates } = await run(input, {}, fakeDeps({ forecasters: [forecaster] }))
    expect([covariates, forecaster.requests[0]?.covariates]).toEqual([undefined, undefined])
    await expect(run(input)).resolves.toMatchObject({ warnings: [] })
  })

  test('that are wanted but not there are told of', async () => {
    const { warnings } = await run(
      { series: [{ values: tens }], useCovariates: true },
      {},
      fakeDeps({ forecasters: [able()] }),
    )
    expect(warnings).toEqual(['useCovariates: the request has no covariates'])
  })

  test.each([
    { input: { series: [{ values: tens }, { values: tens, covariates: [price] }] }, field: '/series/1/covariates' },
    { input: { query: 'm', covariates: { calendar: ['weekend' as const] } }, field: '/covariates' },
    {
      input: { query: 'm', covariates: { calendar: ['weekend' as const] }, useCovariates: true },
      field: '/useCovariates',
    },
  ])('are refused at $field by a model that takes none', async ({ input, field }) => {
    await expect(run({ predictionLength: 3, ...input })).rejects.toThrow(
      `${field}: model flat forecasts each series by itself`,
    )
  })
})
