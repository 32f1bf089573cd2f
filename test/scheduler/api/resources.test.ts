import { expect, onTestFinished, test } from 'vitest'
import { listenApi } from '../../../scheduler/api/app.ts'
import { runView } from '../../../scheduler/api/run-views.ts'
import { statusView } from '../../../scheduler/api/status-view.ts'
import type { Api } from '../../../scheduler/api/types.ts'
import { tickView } from '../../../scheduler/api/views.ts'
import type { RunRecord } from '../../../scheduler/queue/runs.ts'
import { type FakeApiOptions, fakeApi, fakeNowMs } from '../../fakes/fake-api.ts'

async function start(options?: FakeApiOptions): Promise<Api> {
  const app = await fakeApi(options)
  onTestFinished(() => app.close())
  return app
}

const run = (mission: string, state: RunRecord['state']): RunRecord => ({
  ...{
    runId: `r.default.${mission}.forecast.60000`,
    kind: 'tick',
    flow: 'forecast',
    tenant: 'default',
    mission,
    state,
  },
  ...{ nominalMs: 60_000, attempt: 1, worker: 'w1', startedMs: 61_000 },
  ...(state === 'failed' && { endedMs: 62_000, error: { code: 'STORE_BUSY', message: 'busy' } }),
})

test('runs are listed by mission, flow and state, and read one by one', async () => {
  const app = await start({ runRecords: [run('a', 'succeeded'), run('a', 'failed'), run('b', 'failed')] })
  const failed = (await app.inject('/api/v1/runs?state=failed&flow=forecast&mission=b')).json()
  expect(failed).toEqual({ runs: [expect.objectContaining({ mission: 'b', nominal: '1970-01-01T00:01:00.000Z' })] })
  expect(runView.strict().parse(failed.runs[0])).toMatchObject({ error: { code: 'STORE_BUSY' } })
  const page = await app.inject('/api/v1/runs?limit=1')
  expect(page.headers.link).toBe('</api/v1/runs?limit=1&cursor=1>; rel="next"')
  expect((await app.inject('/api/v1/runs/r.default.a.forecast.60000')).json().state).toBe('succeeded')
  expect((await app.inject('/api/v1/runs/r.other.a.forecast.60000')).statusCode).toBe(404)
})

test.each([
  { tenant: 'default', worker: 'w1' },
  { tenant: 'red', worker: undefined },
])('which worker ran it is for the default tenant: $tenant', async ({ tenant, worker }) => {
  const apiKeys = [{ name: 'key', key: 'key-of-this-one-tenant', tenant }]
  const record = { ...run('a', 'succeeded'), tenant }
  const app = await start({ settings: { apiKeys }, runRecords: [record] })
  const get = async (url: string) =>
    (await app.inject({ url, headers: { authorization: 'Bearer key-of-this-one-tenant' } })).json()
  expect((await get('/api/v1/runs')).runs[0].worker).toBe(worker)
  expect((await get(`/api/v1/runs/${record.runId}`)).worker).toBe(worker)
})

test('the ticks of a schedule tell what became of every T', async () => {
  const tickRecords = [
    { nominalMs: fakeNowMs - 7_200_000, outcome: 'missed', reason: 'run_lost', lagMs: 500 },
    { nominalMs: fakeNowMs - 3_600_000, outcome: 'coalesced', reason: 'newer_due', byNominalMs: fakeNowMs },
    { nominalMs: fakeNowMs, outcome: 'run', reason: 'on_time', lagMs: 1_500, runId: 'r.x' },
  ] as const
  const app = await start({ tickRecords })
  await app.inject({ method: 'PUT', url: '/api/v1/missions/cpu', payload: { query: 'cpu' } })
  const all = (await app.inject('/api/v1/schedules/cpu.forecast/ticks')).json()
  expect(all.ticks.map((tick: unknown) => tickView.strict().parse(tick))).toEqual([
    { nominal: '2026-11-24T10:00:00.000Z', outcome: 'missed', reason: 'run_lost', lagSeconds: 0.5 },
    {
      nominal: '2026-11-24T11:00:00.000Z',
      outcome: 'coalesced',
      reason: 'newer_due',
      byNominal: '2026-11-24T12:00:00.000Z',
    },
    { nominal: '2026-11-24T12:00:00.000Z', outcome: 'run', reason: 'on_time', lagSeconds: 1.5, runId: 'r.x' },
  ])
  const range = '?from=2026-11-24T10:00:00Z&to=2026-11-24T12:00:00%2B01:00'
  expect((await app.inject(`/api/v1/schedules/cpu.forecast/ticks${range}`)).json().ticks).toHaveLength(1)

  const page = async (query: string) => (await app.inject(`/api/v1/schedules/cpu.forecast/ticks${query}`)).json()
  const outcomes = ({ ticks }: { ticks: { outcome: string }[] }) => ticks.map(({ outcome }) => outcome)
  const first = await page('?limit=2')
  expect(outcomes(first)).toEqual(['missed', 'coalesced'])
  const second = await page(`?limit=2&cursor=${first.cursor}`)
  expect([outcomes(second), second.cursor]).toEqual([['run'], undefined])
  expect(outcomes(await page('?outcome=coalesced'))).toEqual(['coalesced'])
})

test.each([
  { path: 'cpu.forecast/ticks', status: 404, what: 'an unknown mission' },
  { path: 'cpu/ticks', status: 404, what: 'a mission instead of a schedule' },
  { path: 'CPU/ticks', status: 422, what: 'no name of a schedule' },
  { path: 'cpu.detect/ticks?outcome=lost', status: 422, what: 'no outcome' },
  { path: 'cpu.detect/ticks?cursor=next', status: 422, what: 'no cursor' },
  { path: 'cpu.detect/ticks?limit=1001', status: 422, what: 'more ticks than a page has' },
  { path: 'cpu.detect/ticks?from=yesterday', status: 422, what: 'no instant' },
  { path: 'cpu.detect/ticks?from=2026-11-24T13:00:00Z', status: 422, what: 'a range that ends before it begins' },
])('$what answers $status', async ({ path, status }) => {
  expect((await (await start()).inject(`/api/v1/schedules/${path}`)).statusCode).toBe(status)
})

test('datasources by name, and what a check finds', async () => {
  const app = await start()
  expect((await app.inject('/api/v1/datasources')).json()).toEqual({
    datasources: [{ name: 'main', kind: 'victoriametrics', futureWrites: 'auto' }],
  })
  const check = (name: string) => app.inject({ method: 'POST', url: `/api/v1/datasources/${name}/check` })
  expect((await check('main')).json()).toEqual({ ok: true, findings: [{ severity: 'warning', detail: 'no dedup' }] })
  expect((await check('nope')).statusCode).toBe(404)
})

test('the configuration is shown without secrets, to the default tenant only', async () => {
  const apiKeys = [
    { name: 'ops', key: 'key-of-the-operator', tenant: 'default' },
    { name: 'red', key: 'key-of-the-red-team', tenant: 'red' },
  ]
  const app = await start({ settings: { apiKeys } })
  const config = (key: string) => app.inject({ url: '/api/v1/config', headers: { authorization: `Bearer ${key}` } })
  const shown = await config('key-of-the-operator')
  expect(shown.json()).toMatchObject({ listen: '127.0.0.1:9490', apiKeys: [{ name: 'ops' }, { name: 'red' }] })
  expect(shown.body).not.toContain('key-of')
  expect((await config('key-of-the-red-team')).json()).toMatchObject({ code: 'FORBIDDEN', status: 403 })
})

test('the status names processes and what waits', async () => {
  const status = statusView.strict().parse((await (await start()).inject('/api/v1/status')).json())
  expect(status.processes?.map(({ role, alive }) => [role, alive])).toEqual([
    ['scheduler', true],
    ['forecast', true],
    ['detect', false],
  ])
  expect(status).toMatchObject({ ready: true, queues: { detect: { waiting: 3, active: 1, oldestWaitSeconds: 1.5 } } })
})

test.each([
  { key: 'key-of-the-operator', isOperator: true },
  { key: 'key-of-the-red-team', isOperator: false },
])('processes, queues and checks are for the default tenant: $key', async ({ key, isOperator }) => {
  const apiKeys = [
    { name: 'ops', key: 'key-of-the-operator', tenant: 'default' },
    { name: 'red', key: 'key-of-the-red-team', tenant: 'red' },
  ]
  const app = await start({ settings: { apiKeys }, readiness: [{ name: 'redis', check: async () => undefined }] })
  const answer = await app.inject({ url: '/api/v1/status', headers: { authorization: `Bearer ${key}` } })
  const { version, ...rest } = statusView.strict().parse(answer.json())
  expect(version).toBeTypeOf('string')
  expect(Object.keys(rest)).toEqual(isOperator ? ['ready', 'checks', 'processes', 'queues'] : ['ready'])
})

test('probes and metrics', async () => {
  const app = await start({
    readiness: [{ name: 'redis', check: async () => 'gone' }],
    dead: () => 'the planner hangs',
  })
  expect((await app.inject('/livez')).statusCode).toBe(503)
  const ready = await app.inject('/readyz')
  expect([ready.statusCode, ready.json().checks]).toEqual([503, [{ name: 'redis', ok: false, detail: 'gone' }]])
  await app.inject('/api/v1/missions/nope')
  expect((await app.inject('/metrics')).body).toContain(
    'anomaly_times_http_request_seconds_count{method="GET",route="/api/v1/missions/:id",status="404"} 1',
  )
})

test('an address that is taken is named', async () => {
  const listen = (await listenApi(await start(), '127.0.0.1:0')).replace('http://', '')
  await expect(listenApi(await start(), listen)).rejects.toMatchObject({
    ...{ code: 'INVALID_CONFIG', message: expect.stringContaining(`cannot listen on ${listen}`) },
  })
})
