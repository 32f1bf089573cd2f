import { EventEmitter, once } from 'node:events'
import { request } from 'node:http'
import { afterEach, expect, test, vi } from 'vitest'
import { AppError } from '../../models/errors.ts'
import { createForecasters } from '../../models/registry.ts'
import { createForecastQueue, type ForecastQueue } from '../../scheduler/forecasts/forecast-queue.ts'
import { createForecastService } from '../../scheduler/forecasts/forecast-service.ts'
import { createForecastStore } from '../../scheduler/forecasts/forecast-store.ts'
import { forecastLimits } from '../../scheduler/forecasts/limits.ts'
import { noReader } from '../../scheduler/forecasts/no-reader.ts'
import { serveForecasts } from '../../scheduler/forecasts/serve-forecasts.ts'
import { createMetrics } from '../../scheduler/process/metrics.ts'
import { forecastMetrics } from '../../scheduler/process/run-metrics.ts'
import { fakeApi } from '../fakes/fake-api.ts'
import { fakeDeps } from '../fakes/fake-deps.ts'
import { realRedis } from './real-redis.ts'

const patience = { timeout: 30_000, interval: 50 }
vi.setConfig({ testTimeout: 2 * patience.timeout })

const real = realRedis({ durable: true })
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** Forecasts of one worker. */
const atOnce = 4
const body = { series: [{ values: Array.from({ length: 48 }, (_, i) => i % 24) }], predictionLength: 1 }

/** A forecaster that waits for `hold` before each forecast, and tells of its calls. */
function heldForecasters(hold: () => Promise<unknown>) {
  const naive = createForecasters().get('seasonal-naive')
  let calls = 0
  const held: typeof naive = {
    ...naive,
    async forecast(request, signal) {
      calls += 1
      const aborted = signal && once(signal, 'abort').then(() => signal.throwIfAborted())
      await Promise.race([hold(), aborted])
      return naive.forecast(request)
    },
  }
  return { forecasters: { names: ['seasonal-naive'], get: () => held }, calls: () => calls }
}

/** The API over a real Redis, and as many workers beside it as are served. */
async function start(ownQueue: (queue: ForecastQueue) => ForecastQueue = (queue) => queue) {
  const now = Date.now
  const store = createForecastStore(real.redis, now)
  const queue = ownQueue(createForecastQueue({ redis: real.redis, clock: { now }, onError: () => undefined }))
  const settings = {
    ...{ datasource: () => undefined, models: ['seasonal-naive'] },
    defaults: { model: 'seasonal-naive', fallback: 'seasonal-naive', maxSeries: 100 },
  }
  const metrics = createMetrics()
  const counts = forecastMetrics(metrics)
  const service = createForecastService({ store, queue, settings, counts, workers: async () => 1, now })
  const app = await fakeApi({ forecasts: service, metrics, now })
  closing.push(
    () => queue.close(),
    () => app.close(),
  )
  const serve = (hold: () => Promise<unknown>) => {
    const { forecasters, calls } = heldForecasters(hold)
    const server = serveForecasts({
      ...{ store, settings, forecasters, metrics: fakeDeps().metrics, counts, now, reader: () => noReader },
      ...{ name: 'worker', connection: real.connect(), onError: () => undefined },
      ...{ lockDurationMs: 4_000, stalledIntervalMs: 500 },
    })
    closing.push(() => server.close(100))
    return calls
  }
  const post = (url: string) => app.inject({ method: 'POST', url: `/api/v1/${url}`, payload: body })
  const cancel = (id: string) => app.inject({ method: 'DELETE', url: `/api/v1/forecast-jobs/${id}` })
  const status = async (id: string) => (await app.inject(`/api/v1/forecast-jobs/${id}`)).json().status as string
  const ends = async () => {
    const lines = (await metrics.text()).matchAll(/runs_total\{flow="forecast-once",result="(\w+)"\} (\d+)/g)
    return Object.fromEntries([...lines].map(([, result, count]) => [result, Number(count)]))
  }
  return { app, post, cancel, status, ends, serve, queue, metrics }
}

const jobs = async (post: (url: string) => Promise<{ json(): { jobId: string } }>, count: number) =>
  Promise.all(Array.from({ length: count }, async () => (await post('forecast-jobs')).json().jobId))

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test('of cancelling and succeeding at one instant each job has one outcome, and the answer tells which', async () => {
  const { post, cancel, status, ends, serve, queue } = await start()
  let finish = new EventEmitter()
  const calls = serve(() => once(finish, 'now'))
  const total = 12
  for (let ended = 0; ended < total; ended += atOnce) {
    const ids = await jobs(post, atOnce)
    await expect.poll(calls, patience).toBe(ended + atOnce)
    const finished = finish
    finish = new EventEmitter()
    const answers = ids.map(async (id, i) => {
      await pause(i * 6)
      return Promise.all([cancel(id), cancel(id)])
    })
    finished.emit('now')
    for (const [i, [first, second]] of (await Promise.all(answers)).entries()) {
      const end = await status(ids[i]!)
      expect(['cancelled', 'succeeded']).toContain(end)
      const code = end === 'cancelled' ? 200 : 409
      expect([first.statusCode, second.statusCode]).toEqual([code, code])
    }
  }
  const { cancelled = 0, succeeded = 0 } = await ends()
  expect(cancelled + succeeded).toBe(total)
  await expect.poll(() => queue.size(), patience).toMatchObject({ waiting: 0, active: 0, delayed: 0 })
})

test('two workers make each job once', async () => {
  const { post, status, ends, serve } = await start()
  const ids = await jobs(post, forecastLimits.pending)
  const calls = [serve(() => pause(5)), serve(() => pause(5))]
  for (const id of ids) await expect.poll(() => status(id), patience).toBe('succeeded')
  expect(calls.reduce((sum, count) => sum + count(), 0)).toBe(ids.length)
  expect(await ends()).toEqual({ succeeded: ids.length })
})

test('one too many is told when to ask again, and counted; those that wait are made', async () => {
  const { post, status, serve, queue, metrics } = await start()
  const ids = await jobs(post, forecastLimits.pending)
  for (const url of ['forecasts', 'forecast-jobs']) {
    const refused = await post(url)
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '1'])
    expect(refused.json()).toMatchObject({
      code: 'WORKER_UNAVAILABLE',
      detail: expect.stringContaining('20 forecasts'),
    })
  }
  expect(await metrics.text()).toMatch(/route="\/api\/v1\/forecast-jobs",status="503"\S* 1\n/)
  expect((await queue.size()).waiting).toBe(ids.length)
  serve(() => pause(0))
  for (const id of ids) await expect.poll(() => status(id), patience).toBe('succeeded')
  expect((await post('forecast-jobs')).statusCode).toBe(202)
})

test('what cannot be enqueued takes nobody’s place', async () => {
  const away = new AppError('REDIS_UNAVAILABLE', 'cannot enqueue a forecast')
  const { post, app } = await start((queue) => ({ ...queue, add: () => Promise.reject(away) }))
  for (let i = 0; i <= forecastLimits.pending; i++)
    expect((await post('forecast-jobs')).json()).toMatchObject({ status: 503, code: 'REDIS_UNAVAILABLE' })
  const { forecasts } = (await app.inject('/api/v1/forecasts')).json()
  expect(forecasts[0]).toMatchObject({ status: 'failed', error: { code: 'REDIS_UNAVAILABLE' } })
})

test('a caller who hangs up cancels the forecast that only he waits for', async () => {
  const { app, serve, queue, ends } = await start()
  const calls = serve(() => new Promise(() => undefined))
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const asked = request(`${url}/api/v1/forecasts`, { method: 'POST', headers: { 'content-type': 'application/json' } })
  const hungUp = once(asked, 'error')
  asked.end(JSON.stringify(body))
  await expect.poll(calls, patience).toBe(1)
  asked.destroy(new Error('enough'))
  await hungUp
  await expect.poll(() => queue.size(), patience).toMatchObject({ waiting: 0, active: 0, failed: 1 })
  expect(await ends()).toEqual({ cancelled: 1 })
})

test('a job outlives a restart of Redis in its middle, and ends once', async () => {
  const { post, status, ends, serve } = await start()
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const calls = serve(() => opened)
  const [id] = (await jobs(post, 1)) as [string]
  await expect.poll(calls, patience).toBe(1)
  await real.restart(500)
  open()
  await expect.poll(() => status(id), patience).toBe('succeeded')
  expect(await ends()).toEqual({ succeeded: 1 })
})
