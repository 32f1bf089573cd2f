import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CovariatesDocument } from '../../flows/covariates-document.ts'
import { forecast } from '../../flows/forecast.ts'
import type { ForecastParams } from '../../flows/params.ts'
import type { Chronos2Config } from '../../models/chronos/checkpoint/config.ts'
import { forecastChronos2 } from '../../models/chronos/chronos2/pipeline.ts'
import type { Task } from '../../models/chronos/chronos2/tasks.ts'
import { createInference } from '../../models/chronos/inference/inference.ts'
import { openModel } from '../../models/chronos/open-model.ts'
import { interpolateLevels, sortLevels } from '../../models/chronos/pipeline/quantile-levels.ts'
import { createForecasters } from '../../models/registry.ts'
import { floorToStep } from '../../models/series.ts'
import { type Server, startVictoriaMetrics } from '../../scheduler/stack/servers.ts'
import { memoryForecastCache } from '../../tasks/cache/memory-forecast-cache.ts'
import { calendarRows } from '../../tasks/covariates/calendar-rows.ts'
import type { Deps, PayloadMeta } from '../../tasks/deps.ts'
import { datasourceConfig, resolveDatasource } from '../../tasks/prometheus/datasource.ts'
import { type DatasourceHttp, datasourceHttp } from '../../tasks/prometheus/http-client.ts'
import { createQueryClient } from '../../tasks/prometheus/query/query-client.ts'
import { calibrateBand, edgeLevels } from '../../tasks/publish/calibrate-band.ts'
import { fakeDeps } from '../fakes/fake-deps.ts'
import { fixtures } from '../models/chronos/goldens.ts'
import { importSeries, queryable } from '../scenarios/world.ts'

const minuteMs = 60_000
const stepMs = 5 * minuteMs
const hourMs = 60 * minuteMs
const T = floorToStep(Date.now(), hourMs)
/** E: samples are complete up to here. */
const endMs = T - stepMs
const [context, horizon] = [96, 40]
const shops = ['a', 'b', 'c']
const checkpoint = `${fixtures}/chronos2`

const dir = mkdtempSync(join(tmpdir(), 'at-covariates-'))
const forecasters = createForecasters(undefined, { cores: 2 })
const chronos = openModel(checkpoint, createInference({ cores: 1 }))
let server: Server
let http: DatasourceHttp
let reader: Deps['reader']

/** Whole numbers that differ by series, so that the store gives back what was written. */
const valueAt = (seed: number) => (ms: number) =>
  Math.round(100 * seed + 30 * Math.sin(ms / (seed * hourMs)) + 9 * Math.sin((ms / stepMs) ** 2 % 97))
const load = { a: valueAt(1), b: valueAt(2), c: valueAt(3) }
const visits = { a: valueAt(4), b: valueAt(5) }
const campaign = valueAt(6)

beforeAll(async () => {
  server = await startVictoriaMetrics({ dir })
  const datasource = resolveDatasource(
    datasourceConfig.parse({ name: 'main', kind: 'victoriametrics', readUrl: server.url }),
  )
  http = datasourceHttp(datasource)
  reader = createQueryClient(datasource, http)
  await writeSeries()
})
afterAll(async () => {
  await forecasters.close()
  await chronos.close()
  await http?.close()
  await server?.stop()
  rmSync(dir, { recursive: true, force: true })
})

async function writeSeries(): Promise<void> {
  const every = (ms: number, fromMs: number, untilMs: number) =>
    Array.from({ length: Math.floor((untilMs - fromMs) / ms) + 1 }, (_, i) => fromMs + i * ms)
  const series = (labels: Record<string, string>, timestampsMs: number[], value: (ms: number) => number) => ({
    ...{ labels, timestampsMs, values: timestampsMs.map(value) },
  })
  const day = every(stepMs, endMs - 24 * hourMs, endMs)
  await importSeries(server.url, [
    ...Object.entries(load).map(([shop, value]) => series({ __name__: 'load', shop, pod: '1' }, day, value)),
    ...Object.entries(visits).map(([shop, value]) => series({ __name__: 'visits', shop }, day, value)),
    series({ __name__: 'campaign' }, every(stepMs, endMs - 24 * hourMs, endMs + horizon * stepMs), campaign),
    // every minute, of which every fifth lies on the grid
    series({ __name__: 'fine' }, every(minuteMs, endMs - 12 * hourMs, endMs), campaign),
    ...Array.from({ length: 10_000 }, (_, n) => series({ __name__: 'many', n: `${n}` }, day.slice(-3), (ms) => n + ms)),
  ])
  await queryable(server.url, 'many', endMs)
}

const steps = (fromStep: number, toStep: number) =>
  Array.from({ length: toStep - fromStep + 1 }, (_, i) => endMs + (fromStep + i) * stepMs)
const past = (value: (ms: number) => number) => Float64Array.from(steps(1 - context, 0), value)
const future = (value: (ms: number) => number) => Float64Array.from(steps(1, horizon), value)

type Bands = Record<string, { readonly pred: number[]; readonly upper: number[] }>

/** A run of the flow over the real store, and the band that it keeps. */
async function run(fields: Partial<ForecastParams> = {}) {
  const cache = memoryForecastCache()
  const deps: Deps = { ...fakeDeps(), reader, cache, forecasters }
  const mission = { tenant: 'default', mission: 'm' }
  const params: ForecastParams = {
    ...{ ...mission, query: 'load', stepMs, evalDelayMs: 30_000, maxSeries: 20_000, allowOutputs: false },
    ...{ scopeKey: 's', bandKey: 'k', context, horizon, minPoints: 10, bandExitsPerDay: 0.015 },
    ...{ model: checkpoint, fallback: 'seasonal-naive' },
    ...fields,
  }
  const owned = { fromMs: T, untilMs: T + hourMs }
  const result = await forecast.run(deps, params, { nominalMs: T, kind: 'run', owned, runNonce: 'n', effect: 'keep' })
  const payload = result.payload as PayloadMeta
  const [identities = [], rows] = await Promise.all([
    cache.identities(mission, payload),
    cache.bands(mission, payload, steps(1, horizon)),
  ])
  const bands: Bands = {}
  for (const [i, { labels }] of identities.entries()) {
    const edge = (name: 'pred' | 'upper') => steps(1, horizon).map((ms) => rows.get(ms)?.[name][i] ?? Number.NaN)
    bands[labels.shop ?? ''] = { pred: edge('pred'), upper: edge('upper') }
  }
  return { bands, result }
}

/** The same band, straight from the network. */
async function direct(tasks: readonly Task[], names: readonly string[]): Promise<Bands> {
  const { config, solo, grouped } = chronos
  const { quantiles } = config
  const model = { config: config as Chronos2Config, solo, grouped }
  const blocks = (await forecastChronos2(model, { tasks, horizon })).flat()
  const forecasts = blocks.map((block) => {
    const sorted = sortLevels(block, quantiles.length)
    const at = (levels: readonly number[]) => interpolateLevels(sorted, quantiles, levels)
    return { levels: edgeLevels, quantiles: at(edgeLevels), median: at([0.5]) }
  })
  const rows = calibrateBand(forecasts, horizon)
  const edge = (name: 'pred' | 'upper', i: number) => rows.map((row) => row[name][i] as number)
  return Object.fromEntries(names.map((name, i) => [name, { pred: edge('pred', i), upper: edge('upper', i) }]))
}

const queries = (...all: NonNullable<CovariatesDocument['queries']>) => ({ covariates: { queries: all } })

describe('a mission with covariates', () => {
  test('is forecast as the task with the same values, known ahead or not; who lacks one is counted', async () => {
    const { bands, result } = await run({
      covariates: {
        queries: [
          { name: 'visits', query: 'visits', on: ['shop'] },
          { name: 'campaign', query: 'campaign', kind: 'known' },
        ],
      },
    })
    const known = { campaign: future(campaign) }
    const tasks = shops.map((shop): Task => {
      const own = shop === 'c' ? {} : { visits: past(visits[shop as 'a' | 'b']) }
      const pastCovariates = { ...own, campaign: past(campaign) }
      return { targets: [past(load[shop as 'a'])], pastCovariates, futureCovariates: known }
    })
    expect(bands).toEqual(await direct(tasks, shops))
    expect(result.covariates).toEqual({
      ...{ used: { visits: 2, campaign: 3 }, missing: { visits: 1 }, unvarying: {}, unknownAhead: {} },
    })
  })

  test('differs with each of them, and without them is what a plain series is', async () => {
    const plain = await run()
    expect(plain.bands).toEqual(
      await direct(
        shops.map((shop) => ({ targets: [past(load[shop as 'a'])] })),
        shops,
      ),
    )
    const asPast = await run(queries({ name: 'campaign', query: 'campaign' }))
    const asKnown = await run(queries({ name: 'campaign', query: 'campaign', kind: 'known' }))
    const paths = [plain, asPast, asKnown].map(({ bands }) => bands.a?.pred.join())
    expect(new Set(paths).size).toBe(3)
  })

  test('knows what an offset says of the horizon', async () => {
    const query = 'visits{shop="a"} offset 4h'
    const { bands } = await run(queries({ name: 'earlier', query, kind: 'known' }))
    const earlier = (ms: number) => visits.a(ms - 4 * hourMs)
    const task = (shop: 'a' | 'b' | 'c') => ({
      targets: [past(load[shop])],
      ...{ pastCovariates: { earlier: past(earlier) }, futureCovariates: { earlier: future(earlier) } },
    })
    expect(bands).toEqual(await direct([task('a'), task('b'), task('c')], shops))
  })

  test('knows the calendar', async () => {
    const { bands, result } = await run({
      covariates: { calendar: ['hourOfDay'], timeZone: 'Europe/Berlin', holidays: { countries: ['DE'] } },
    })
    const rows = calendarRows('hourOfDay', steps(1 - context, horizon), 'Europe/Berlin')
    const part = (from: number, to?: number) =>
      Object.fromEntries(rows.map(({ name, values }) => [name, values.subarray(from, to)]))
    const known = { pastCovariates: part(0, context), futureCovariates: part(context) }
    const tasks = shops.map((shop) => ({ targets: [past(load[shop as 'a'])], ...known }))
    const { used, unvarying } = result.covariates ?? {}
    // there may be a holiday in the eight hours before now
    if (unvarying?.holiday === 3) expect(bands).toEqual(await direct(tasks, shops))
    expect({ ...used, ...unvarying }).toMatchObject({ 'hourOfDay.sin': 3, 'hourOfDay.cos': 3, holiday: 3 })
  })

  test('takes the values at its own steps of what was scraped more often', async () => {
    const { bands } = await run(queries({ name: 'fine', query: 'fine' }))
    const task = (shop: 'a' | 'b' | 'c') => ({ targets: [past(load[shop])], pastCovariates: { fine: past(campaign) } })
    expect(bands).toEqual(await direct([task('a'), task('b'), task('c')], shops))
  })
})

describe('series together', () => {
  const joint = (members: ('a' | 'b' | 'c')[], more: Partial<Task> = {}): Task => ({
    ...{ targets: members.map((shop) => past(load[shop])), ...more },
  })
  test('are one task, all of them or those of a label', async () => {
    const [all, byPod, byShop, plain] = await Promise.all([
      run({ crossLearning: true }),
      run({ groupBy: ['pod'] }),
      run({ groupBy: ['shop'] }),
      run(),
    ])
    expect(byPod.bands).toEqual(all.bands)
    expect(byShop.bands).toEqual(plain.bands)
    expect(all.bands.a?.pred).not.toEqual(plain.bands.a?.pred)
    const whole = await direct([joint(['a', 'b', 'c'])], shops)
    for (const shop of shops) expectClose(all.bands[shop]?.pred, whole[shop]?.pred)
  })

  test('are what they are whoever else is forecast at that moment', async () => {
    const fields = { crossLearning: true, ...queries({ name: 'campaign', query: 'campaign', kind: 'known' }) }
    const alone = await run(fields)
    const others = [
      run(),
      run(fields),
      run({ groupBy: ['shop'], query: 'visits' }),
      run({ ...fields, query: 'visits' }),
    ]
    const together = await Promise.all([run(fields), ...others])
    for (const shop of shops) expectClose(together[0].bands[shop]?.pred, alone.bands[shop]?.pred)
  })
})

/** Batches of other sizes may round the last digit of single precision otherwise. */
function expectClose(actual: readonly number[] = [], expected: readonly number[] = []): void {
  expect(actual).toHaveLength(horizon)
  for (const [i, value] of actual.entries()) expect(Math.abs(value - (expected[i] ?? Number.NaN))).toBeLessThan(1e-2)
}

describe('a covariate', () => {
  test.each([
    ['that answers nothing', 'nothing'],
    ['that is NaN', 'load * NaN'],
    ['that is infinite', 'load / 0'],
    ['that is too large for any model', 'load * 1e300'],
    ['of 10,000 series of others', 'many'],
  ])('%s leaves the forecast as it is without', async (_, query) => {
    const { bands, result } = await run(queries({ name: 'odd', query, kind: 'known' }))
    expect(bands).toEqual((await run()).bands)
    expect(result).toMatchObject({ covariates: { used: {}, missing: { odd: 3 } } })
    expect(result).not.toHaveProperty('fallback')
  })

  test('that never changes is left out', async () => {
    const { bands, result } = await run(queries({ name: 'still', query: 'vector(7)', kind: 'known' }))
    expect(bands).toEqual((await run()).bands)
    expect(result.covariates?.unvarying).toEqual({ still: 3 })
  })

  test('with more series than allowed fails the run by its name', async () => {
    const asked = run({ maxSeries: 9_999, ...queries({ name: 'crowd', query: 'many' }) })
    await expect(asked).rejects.toMatchObject({
      ...{ code: 'TOO_MANY_SERIES', message: expect.stringMatching(/^covariate "crowd": /) },
    })
  })

  test('with two series for one fails the run by its name', async () => {
    const asked = run(queries({ name: 'twice', query: '{__name__=~"load|visits"}', on: ['shop'] }))
    await expect(asked).rejects.toMatchObject({
      ...{ code: 'COVARIATE_AMBIGUOUS', message: expect.stringMatching(/^covariate "twice": .*"shop":"a"/) },
    })
  })

  test('that the parser refuses is pointed to', async () => {
    await expect(run(queries({ name: 'odd', query: 'load{' }))).rejects.toMatchObject({
      ...{ code: 'QUERY_REJECTED', problems: [{ pointer: '/covariates/queries/0/query' }] },
    })
  })
})
