import { afterEach, expect, test } from 'vitest'
import { configSchema } from '../../scheduler/config/schema.ts'
import { configuredLimits } from '../../scheduler/execution/limits-of.ts'
import { createMetrics } from '../../scheduler/process/metrics.ts'
import { collectLimits } from '../../scheduler/process/run-metrics.ts'
import { createLimitService } from '../../scheduler/runs/limit-service.ts'
import { createLimitStore } from '../../scheduler/store/limit-store.ts'
import { createRunLogStore } from '../../scheduler/store/ticks/run-log-store.ts'
import { fakeApi } from '../fakes/fake-api.ts'
import { runCli } from '../fakes/fake-io.ts'
import { realRedis } from './real-redis.ts'

const real = realRedis()
const runId = 'r.red.cpu.forecast.1790000000000'
const apiKeys = [
  { name: 'ops', key: 'key-of-the-operator', tenant: 'default' },
  { name: 'red', key: 'key-of-the-red-team', tenant: 'red' },
  { name: 'reader', key: 'key-that-only-reads', tenant: 'default', scopes: ['read' as const] },
]
const settings = { apiKeys, limits: { flows: { forecast: 2 }, tenants: { red: 1 } } }
let close: (() => Promise<void>) | undefined
afterEach(() => close?.())

/** An API over the real Redis, whose limits one run holds. */
async function scene() {
  const limits = configuredLimits(configSchema.parse(settings).limits)
  const [store, logs] = [createLimitStore(real.redis, 60_000), createRunLogStore(real.redis)]
  const service = createLimitService({ limits, store, logs, clock: { now: () => Date.now() } })
  const metrics = createMetrics()
  collectLimits(metrics, service)
  const app = await fakeApi({ settings, limits: service, metrics })
  close = async () => app.close()
  await store.take(limits, { token: runId, worker: 'host.7.forecast' })
  const call = (
    url: string,
    { method = 'GET', key = 'key-of-the-operator' }: { method?: 'GET' | 'DELETE'; key?: string } = {},
  ) => app.inject({ method, url: `/api/v1${url}`, headers: { authorization: `Bearer ${key}` } })
  return { app, store, logs, metrics, call }
}

const place = `/limits/flow:forecast/holders/${runId}`

test('limits tell how many places are taken, and by whom', async () => {
  const { call, metrics } = await scene()
  expect((await call('/limits')).json()).toEqual({
    limits: [
      { name: 'flow:forecast', most: 2, inUse: 1 },
      { name: 'tenant:red', most: 1, inUse: 1 },
    ],
  })
  const { holders } = (await call('/limits/tenant:red/holders')).json()
  expect(holders).toEqual([
    { runId, since: expect.any(String), worker: 'host.7.forecast', leaseLeftSeconds: expect.any(Number) },
  ])
  const text = await metrics.text()
  expect(text).toContain('anomaly_times_limit_in_use{name="flow:forecast"} 1')
  expect(text).toContain('anomaly_times_limit_size{name="flow:forecast"} 2')
})

test('a place is taken away once, and the run and the audit log say by whom', async () => {
  const { call, store, logs } = await scene()
  expect((await call(place, { method: 'DELETE' })).statusCode).toBe(204)
  expect(await store.places('flow:forecast')).toEqual([])
  expect(await store.places('tenant:red')).toHaveLength(1)
  expect(await logs.read(runId)).toMatchObject([
    { level: 'warn', text: 'its place of the limit flow:forecast was released by ops' },
  ])
  expect((await call('/audit')).json()).toMatchObject({
    changes: [{ actor: 'ops', method: 'DELETE', path: `/api/v1${place}`, status: 204 }],
  })
  expect((await call(place, { method: 'DELETE' })).json()).toMatchObject({ status: 404, code: 'NOT_FOUND' })
})

test('a limit that is not configured is not found', async () => {
  const { call } = await scene()
  expect((await call('/limits/flow:detect/holders')).json()).toMatchObject({ detail: 'no limit "flow:detect"' })
})

test.each([
  { who: 'another tenant', key: 'key-of-the-red-team' },
  { who: 'a key that only reads', key: 'key-that-only-reads' },
])('$who sees no limits and releases nothing', async ({ key }) => {
  const { call, store } = await scene()
  for (const url of ['/limits', '/limits/tenant:red/holders']) expect((await call(url, { key })).statusCode).toBe(403)
  expect((await call(place, { method: 'DELETE', key })).statusCode).toBe(403)
  expect(await store.places('flow:forecast')).toHaveLength(1)
})

test('the command line lists limits and holders, and releases places', async () => {
  const { app } = await scene()
  const environment = { AT_API: await app.listen({ port: 0, host: '127.0.0.1' }), AT_API_KEY: 'key-of-the-operator' }
  const cli = (line: string) => runCli(line.split(' '), { environment })
  expect((await cli('limit list')).out).toMatch(/^LIMIT +IN USE +OF\nflow:forecast +1 +2\ntenant:red +1 +1$/)
  expect((await cli('limit holders tenant:red')).out).toMatch(
    /^RUN +SINCE +LEASE +WORKER\nr\.red\.cpu\.forecast\.\d+ +\d s ago +(60|59|5\d) s +host\.7\.forecast$/,
  )
  expect(await cli(`limit release tenant:red ${runId} r.none`)).toMatchObject({
    ...{ exitCode: 1, out: `${runId}: released`, err: 'r.none: run r.none holds no place of tenant:red' },
  })
  expect((await cli('limit holders tenant:red')).out).toBe('no place is taken')
  expect(JSON.parse((await cli('limit list --json')).out)).toMatchObject([{ inUse: 1 }, { inUse: 0 }])
})
