import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { createForecasters } from '../../models/registry.ts'
import { seriesId } from '../../models/series.ts'
import { configSchema } from '../../scheduler/config/schema.ts'
import { openDatasources } from '../../scheduler/datasources/datasources.ts'
import { createForecastQueue } from '../../scheduler/forecasts/forecast-queue.ts'
import { createForecastService } from '../../scheduler/forecasts/forecast-service.ts'
import { createForecastStore } from '../../scheduler/forecasts/forecast-store.ts'
import { forecastLimits } from '../../scheduler/forecasts/limits.ts'
import { packText } from '../../scheduler/forecasts/packed-text.ts'
import { type ForecastServer, serveForecasts } from '../../scheduler/forecasts/serve-forecasts.ts'
import type { ForecastRecord } from '../../scheduler/forecasts/types.ts'
import { openCatalog } from '../../scheduler/model-store/model-catalog.ts'
import { createMetrics, type Metrics } from '../../scheduler/process/metrics.ts'
import { forecastMetrics } from '../../scheduler/process/run-metrics.ts'
import { type Server, startVictoriaMetrics } from '../../scheduler/stack/servers.ts'
import type { Forecasters } from '../../tasks/deps.ts'
import { fakeApi } from '../fakes/fake-api.ts'
import { fakeDeps } from '../fakes/fake-deps.ts'
import { realRedis } from './real-redis.ts'

const real = realRedis()
const chronos = join(import.meta.dirname, '../fixtures/chronos/bolt')
const stepMs = 60_000
const endMs = Math.floor(Date.now() / stepMs) * stepMs - 2 * stepMs
const catalog = openCatalog({ dir: '', allowed: undefined, folders: undefined, builtIn: ['seasonal-naive'] })
const closing: (() => unknown)[] = []
let dir: string
let store: Server
let datasources: ReturnType<typeof openDatasources>

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'at-forecasts-'))
  store = await startVictoriaMetrics({ dir })
  const config = configSchema.parse({
    datasources: [
      { name: 'main', readUrl: store.url, kind: 'victoriametrics' },
      { name: 'theirs', readUrl: store.url, tenants: ['other'] },
    ],
  })
  const memory = { load: async () => undefined, save: async () => undefined }
  datasources = openDatasources({ config, metrics: createMetrics(), now: Date.now, memory })
  const { writer } = await datasources.open('default', 'main')
  const timestampsMs = Array.from({ length: 60 }, (_, i) => endMs + (i - 59) * stepMs)
  for (const job of ['a', 'b']) {
    const labels = { job }
    const series = [{ id: seriesId(labels), labels }]
    await writer.write([
      { name: 'load', series, timestampsMs, values: Float64Array.from(timestampsMs, (_, i) => i % 10) },
    ])
  }
  const { reader } = await datasources.open('default', 'main')
  await vi.waitFor(
    async () => {
      await fetch(`${store.url}/internal/force_flush`)
      const { series } = await reader.queryRange({ query: 'load', startMs: endMs, endMs, stepMs })
      expect(series.length).toBe(2)
    },
    { timeout: 20_000, interval: 200 },
  )
})
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})
afterAll(async () => {
  await datasources?.close()
  await store?.stop()
  await rm(dir, { recursive: true, force: true })
})

/** The API over a real Redis; `serve` starts a forecast worker beside it. */
async function start(workers = 1, now: () => number = Date.now) {
  const kept = createForecastStore(real.redis, now)
  const queue = createForecastQueue({ redis: real.redis, clock: { now }, onError: () => undefined })
  const settings = {
    ...{ datasource: datasources.find, models: ['seasonal-naive'], takesCovariates: catalog.takesCovariates },
    defaults: { model: 'seasonal-naive', fallback: 'seasonal-naive', maxSeries: 100 },
  }
  const metrics = createMetrics()
  const counts = forecastMetrics(metrics)
  const service = createForecastService({ store: kept, queue, settings, counts, workers: async () => workers, now })
  const app = await fakeApi({ forecasts: service, now })
  closing.push(
    () => queue.close(),
    () => app.close(),
  )
  const post = (url: string, payload: object) => app.inject({ method: 'POST', url: `/api/v1${url}`, payload })
  const get = async (url: string) => (await app.inject(`/api/v1${url}`)).json()
  const cancel = (id: string) => app.inject({ method: 'DELETE', url: `/api/v1/forecast-jobs/${id}` })
  const serve = (forecasters: Forecasters = createForecasters()): ForecastServer => {
    const server = serveForecasts({
      ...{ store: kept, settings, forecasters, metrics: fakeDeps().metrics, counts, now },
      ...{ name: 'worker-1', reader: datasources.reader, connection: real.connect(), onError: () => undefined },
    })
    closing.push(() => server.close(1_000))
    return server
  }
  return { post, get, cancel, serve, kept, service, queue, metrics }
}

test.each([
  { path: '/etc', says: /^\/model: \/etc is no checkpoint: config\.json cannot be read/ },
  { path: '/nope/model', says: /^\/model: \/nope\/model: there is no such folder/ },
])('a path that is no model is the fault of who named it: $path', async ({ path, says }) => {
  const { post, serve } = await start()
  serve()
  const answer = await post('/forecasts', { series: [{ values: waves }], step: '1h', model: path })
  expect(answer.json()).toMatchObject({ status: 422, code: 'INVALID_PARAMS', errors: [{ pointer: '/model' }] })
  expect(answer.json().detail).toMatch(says)
})

const waves = Array.from({ length: 48 }, (_, i) => i % 24)

test('series of a request are forecast while the caller waits, and kept in the history', async () => {
  const { post, get, serve } = await start()
  serve()
  const series = [{ labels: { shop: 'a' }, start: '2026-01-01', values: waves }, { values: [1, null] }]
  const answer = await post('/forecasts', { series, step: '1h', predictionLength: 24, historyLength: 1 })
  expect(answer.json()).toMatchObject({
    ...{ status: 'succeeded', model: 'seasonal-naive', input: 'series', actor: 'anonymous' },
    metadata: { historyPoints: 49, seriesCount: 2, stepSeconds: 3_600, revision: null },
  })
  const [first, second] = answer.json().series
  expect(first.predictions.map(({ value }: { value: number }) => value)).toEqual(waves.slice(0, 24))
  expect(first.predictions[0]).toMatchObject({ time: '2026-01-03T00:00:00.000Z', horizonStep: 1, lower: 0, upper: 0 })
  expect(first.history).toEqual({ start: '2026-01-02T23:00:00.000Z', values: [23] })
  expect(second).toMatchObject({ labels: {}, skipped: 'too_few_points', predictions: [] })
  const { forecastId } = answer.json()
  expect(await get(`/forecasts/${forecastId}`)).toEqual(answer.json())
  expect((await get('/forecasts')).forecasts).toMatchObject([{ forecastId, predictionLength: 24, status: 'succeeded' }])
})

test('rows become the same series, and a query is read from the store', async () => {
  const { post, serve } = await start()
  serve()
  const rows = waves.map((sold, i) => ({ shop: 'a', at: i * 3_600, sold }))
  const columns = { idColumn: 'shop', timestampColumn: 'at', targetColumn: 'sold' }
  const byRows = (await post('/forecast', { rows, ...columns, predictionLength: 2 })).json()
  expect(byRows).toMatchObject({
    ...{ input: 'rows', series: [{ labels: { shop: 'a' }, predictions: [{ value: 0 }, { value: 1 }] }] },
  })
  const asked = { query: 'load', step: '1m', context: 60, predictionLength: 3 }
  const byQuery = (await post('/forecasts', { ...asked, asOf: new Date(endMs).toISOString() })).json()
  expect(byQuery).toMatchObject({ input: 'query', datasource: 'main', query: 'load', progress: { done: 2, total: 2 } })
  expect(byQuery.series.map(({ labels }: { labels: object }) => labels)).toEqual([
    { __name__: 'load', job: 'a' },
    { __name__: 'load', job: 'b' },
  ])
  expect(byQuery.series[0].predictions[0].time).toBe(new Date(endMs + stepMs).toISOString())
})

test('a checkpoint at a path forecasts a job', async () => {
  const { post, get, serve } = await start()
  const forecasters = createForecasters()
  closing.push(() => forecasters.close())
  serve(forecasters)
  const job = await post('/forecast-jobs', { series: [{ values: waves }], model: chronos, confidenceLevel: 0.8 })
  expect(job.statusCode).toBe(202)
  const url = `/forecast-jobs/${job.json().jobId}`
  await expect.poll(async () => (await get(url)).status, { timeout: 20_000 }).toBe('succeeded')
  const { forecast, progress } = await get(url)
  expect(progress).toEqual({ done: 1, total: 1 })
  expect(forecast.series[0].predictions).toHaveLength(64)
  const { lower, value, upper } = forecast.series[0].predictions[0]
  expect(lower < value && value < upper).toBe(true)
})

test('Chronos-2 looks at covariates of a request, and Bolt is refused before a worker is asked', async () => {
  const { post, serve } = await start()
  serve()
  const series = [{ values: waves, covariates: [{ name: 'price', past: waves.toReversed(), future: [1, 20] }] }]
  const body = { series, step: '1h', predictionLength: 2, model: chronos.replace(/bolt$/, 'chronos2') }
  const valuesOf = async (more: object) => {
    const { series, metadata } = (await post('/forecasts', { ...body, ...more })).json()
    return { metadata, values: series[0].predictions.map(({ value }: { value: number }) => value) }
  }
  const informed = await valuesOf({ useCovariates: true, covariates: { calendar: ['hourOfDay'] } })
  const plain = await valuesOf({ useCovariates: false })
  expect(informed.metadata.covariates).toMatchObject({ used: { price: 1, 'hourOfDay.sin': 1, 'hourOfDay.cos': 1 } })
  expect(plain.metadata).not.toHaveProperty('covariates')
  expect(informed.values).not.toEqual(plain.values)
  const refused = await (await start(0)).post('/forecasts', { ...body, model: chronos })
  expect(refused.json().errors).toEqual([
    {
      pointer: '/series/0/covariates',
      detail: expect.stringContaining(`model ${chronos} forecasts each series by itself; chronos-2`),
    },
  ])
})

test.each([
  { body: { query: 'up', model: 'crystal' }, pointer: '/model' },
  { body: { query: 'up', datasource: 'theirs' }, pointer: '/datasource' },
  { body: { series: [{ values: [1, '2'] }] }, pointer: '/series/0/values/1' },
  { body: { rows: [{ timestamp: 0 }] }, pointer: '/rows/0/target' },
  { body: { series: Array.from({ length: 1_001 }, () => ({ values: waves })) }, pointer: '/series' },
  { body: { series: Array.from({ length: 400 }, () => ({ values: waves })) }, pointer: '/predictionLength' },
  { body: { query: 'load', useCovariates: true }, pointer: '/useCovariates' },
  { body: { series: [{ values: [1] }] }, pointer: '/series/0/values' },
])('what cannot be forecast is named by $pointer', async ({ body, pointer }) => {
  const { post, serve } = await start()
  serve()
  const answer = await post('/forecasts', body)
  expect([answer.statusCode, answer.json().errors?.[0]?.pointer]).toEqual([422, pointer])
})

test('an error of the store is the answer of a request', async () => {
  const { post, serve } = await start()
  serve()
  const answer = await post('/forecasts', { query: 'load{' })
  expect([answer.statusCode, answer.json().code]).toEqual([422, 'QUERY_REJECTED'])
  expect(answer.json().errors).toEqual([{ pointer: '/query', detail: expect.any(String) }])
})

test('without a worker a request is refused, a job waits; one that is busy is a 504 with the id', async () => {
  const { post, get, serve } = await start(0)
  expect((await post('/forecasts', { query: 'load' })).json().code).toBe('WORKER_UNAVAILABLE')
  const job = (await post('/forecast-jobs', { query: 'load', step: '1m' })).json()
  expect(job.status).toBe('queued')
  const busy = await start(1)
  const late = await busy.post('/forecasts?deadline=50ms', { series: [{ values: waves }] })
  expect(late.statusCode).toBe(504)
  const [, id] = /job (\S+) goes on/.exec(late.json().detail) ?? []
  serve()
  for (const each of [job.jobId, id]) {
    await expect.poll(async () => (await get(`/forecast-jobs/${each}`)).status).toBe('succeeded')
  }
})

test('requests go before jobs', async () => {
  const { service, serve, kept } = await start()
  const params = {
    series: [{ labels: {}, values: waves }],
    predictionLength: 1,
    historyLength: 0,
  }
  const ids: string[] = []
  for (const kind of ['job', 'job', 'job', 'job', 'request'] as const) {
    ids.push((await service.submit(params, { tenant: 'default', actor: 'me', kind })).id)
  }
  serve()
  const records = async () => Promise.all(ids.map((id) => kept.get({ tenant: 'default', id })))
  await expect.poll(async () => (await records()).every((record) => record?.status === 'succeeded')).toBe(true)
  const begun = (await records()).map((record) => record?.startedMs ?? 0)
  // four are fetched one after the other
  expect(begun[4]).toBe(Math.min(...begun))
})

test('a model that fails is tried again for a job, which nobody waits for', async () => {
  const { post, get, serve } = await start()
  let calls = 0
  const broken = {
    ...{ name: 'seasonal-naive', minContext: 1, maxContext: 100, close: async () => undefined },
    async forecast() {
      calls += 1
      throw new Error('out of memory')
    },
  }
  serve({ names: ['seasonal-naive'], get: () => broken })
  const body = { series: [{ values: waves }] }
  expect((await post('/forecasts', body)).json()).toMatchObject({ code: 'MODEL_FAILED', detail: 'out of memory' })
  expect(calls).toBe(1)
  const { jobId } = (await post('/forecast-jobs', body)).json()
  await expect.poll(async () => (await get(`/forecast-jobs/${jobId}`)).status, { timeout: 10_000 }).toBe('failed')
  expect(calls).toBe(4)
  expect((await get(`/forecasts/${jobId}`)).error).toEqual({ code: 'MODEL_FAILED', message: 'out of memory' })
}, 15_000)

test('a worker that stops hands its forecast back, and another makes it', async () => {
  const { post, get, serve } = await start()
  let begun = 0
  const slow = {
    ...{ name: 'seasonal-naive', minContext: 1, maxContext: 100, close: async () => undefined },
    forecast(_: unknown, signal?: AbortSignal) {
      begun += 1
      return new Promise<never>((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
    },
  }
  const first = serve({ names: ['seasonal-naive'], get: () => slow })
  const { jobId } = (await post('/forecast-jobs', { series: [{ values: waves }] })).json()
  await expect.poll(() => begun).toBe(1)
  await first.close(10)
  serve()
  await expect.poll(async () => (await get(`/forecast-jobs/${jobId}`)).status).toBe('succeeded')
})

const endsOf = async ({ text }: Pick<Metrics, 'text'>) =>
  [...(await text()).matchAll(/runs_total\{flow="forecast-once",result="(\w+)"\} (\d+)/g)].map(([, ...end]) => end)

test('a job that waits is cancelled: no worker ever begins it', async () => {
  const { post, get, cancel, serve, service, queue, metrics } = await start(0)
  const body = { series: [{ values: waves }] }
  const { jobId } = (await post('/forecast-jobs', body)).json()
  await expect(service.cancel({ tenant: 'other', id: jobId })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect((await queue.size()).waiting).toBe(1)
  for (const _ of ['once', 'again'])
    expect((await cancel(jobId)).json()).toMatchObject({ jobId, status: 'cancelled', endedAt: expect.any(String) })
  expect((await queue.size()).waiting).toBe(0)
  serve()
  const next = (await post('/forecast-jobs', body)).json().jobId
  await expect.poll(async () => (await get(`/forecast-jobs/${next}`)).status).toBe('succeeded')
  expect((await get(`/forecasts/${jobId}`)).startedAt).toBeUndefined()
  expect((await cancel(next)).json()).toMatchObject({
    status: 409,
    detail: `forecast ${next} is over: it has succeeded`,
  })
  expect((await get(`/forecasts/${next}`)).series).toHaveLength(1)
  expect(await endsOf(metrics)).toEqual([
    ['cancelled', '1'],
    ['succeeded', '1'],
  ])
})

test('a job at work is cancelled: its series leave the network, and the next one is forecast', async () => {
  const { post, cancel, serve, queue, metrics } = await start()
  const computed: number[] = []
  const forecasters = createForecasters(undefined, {
    // a batch for each series: seconds of work
    ...{ cores: 1, batchTokens: 1 },
    metrics: { batch: (_model, _seconds, count) => void computed.push(count), copies: () => undefined },
  })
  closing.push(() => forecasters.close())
  serve(forecasters)
  const series = Array.from({ length: 5_000 }, (_, i) => ({ values: waves.map((value) => value + i) }))
  const { jobId } = (await post('/forecast-jobs', { series, model: chronos })).json()
  await expect.poll(() => forecasters.waiting, { timeout: 20_000, interval: 10 }).toBeGreaterThan(0)
  expect((await cancel(jobId)).json().status).toBe('cancelled')
  await expect.poll(async () => (await queue.size()).active, { timeout: 5_000 }).toBe(0)
  expect(forecasters.waiting).toBe(0)
  expect(computed.length).toBeLessThan(series.length)
  const next = await post('/forecasts', { series: series.slice(0, 1), model: chronos })
  expect(next.statusCode).toBe(200)
  expect(await endsOf(metrics)).toEqual([
    ['cancelled', '1'],
    ['succeeded', '1'],
  ])
  expect(await metrics.text()).toContain('run_failed_attempts_total{flow="forecast-once",code="RUN_CANCELLED"} 1')
  expect(await queue.size()).toMatchObject({ waiting: 0, completed: 1, failed: 1 })
})

const record = (n: number, more: Partial<ForecastRecord> = {}): ForecastRecord => ({
  ...{ id: `f${n}`, tenant: 'default', actor: 'me', status: 'queued', model: 'm', input: 'query', createdMs: n },
  ...{ predictionLength: 1, quantileLevels: [0.5], ...more },
})

test('what is kept is bounded: by count, age and bytes, per tenant', async () => {
  let nowMs = 1_000_000
  const { kept } = await start(1, () => nowMs)
  const input = await packText('{}')
  const end = (n: number, bytes: number, tenant = 'default') =>
    kept.succeed({ tenant, id: `f${n}` }, Buffer.alloc(bytes), {})
  for (let n = 0; n < forecastLimits.kept + 5; n++) {
    // a connection keeps their order
    await Promise.all([kept.create(record(n, { createdMs: nowMs + n }), input), end(n, 10)])
  }
  await kept.create(record(0, { tenant: 'other', createdMs: nowMs }), input)
  const ids = async () => (await kept.list('default', { limit: 1_000 })).forecasts.map(({ id }) => id)
  expect(await ids()).toHaveLength(forecastLimits.kept)
  expect((await ids()).at(-1)).toBe('f5')
  expect(await kept.result({ tenant: 'default', id: 'f4' })).toBeUndefined()
  nowMs += 1_000_000
  for (let n = 1_000; n < 1_006; n++) {
    await kept.create(record(n, { createdMs: nowMs + n }), input)
    await end(n, forecastLimits.resultBytes)
  }
  expect(await ids()).toEqual(['f1005', 'f1004', 'f1003', 'f1002'])
  nowMs += forecastLimits.keepMs + 10_000
  await kept.create(record(2_000, { createdMs: nowMs }), input)
  expect(await ids()).toEqual(['f2000'])
  expect((await kept.list('other', { limit: 10 })).forecasts).toHaveLength(1)
  expect(await real.redis.keys('{at:f:default}:*')).toHaveLength(3)
})

test('too many that wait are refused; one that waited for an hour has failed and makes room', async () => {
  let nowMs = 1_000_000
  const { kept } = await start(1, () => nowMs)
  const input = await packText('{}')
  for (let n = 0; n < forecastLimits.pending; n++) await kept.create(record(n, { createdMs: nowMs }), input)
  await expect(kept.create(record(99, { createdMs: nowMs }), input)).rejects.toMatchObject({
    code: 'WORKER_UNAVAILABLE',
  })
  nowMs += forecastLimits.inputMs + 1
  await kept.create(record(99, { createdMs: nowMs }), input)
  expect(await kept.get({ tenant: 'default', id: 'f0' })).toMatchObject({
    status: 'failed',
    error: { code: 'RUN_TIMEOUT' },
  })
})

test('pages of the history, and the first end counts', async () => {
  const { kept } = await start()
  const input = await packText('{}')
  for (let n = 0; n < 3; n++) await kept.create(record(n, { createdMs: Date.now() + n }), input)
  const first = await kept.list('default', { limit: 2 })
  const second = await kept.list('default', { limit: 2, cursor: first.cursor ?? '' })
  expect([first, second].map((page) => page.forecasts.map(({ id }) => id))).toEqual([['f2', 'f1'], ['f0']])
  expect(second.cursor).toBeUndefined()
  const name = { tenant: 'default', id: 'f0' }
  await kept.fail(name, { code: 'MODEL_FAILED', message: 'x', problems: [] })
  await kept.succeed(name, input, { revision: 'abc' })
  await kept.note(name, { status: 'running' })
  expect(await kept.get(name)).toMatchObject({ status: 'failed', error: { code: 'MODEL_FAILED' } })
  expect(await kept.result(name)).toBeUndefined()
})
