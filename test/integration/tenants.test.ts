import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Server, startRedis, startVictoriaMetrics } from '../../scheduler/stack/servers.ts'
import { startPlatform } from './platform.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

const patience = { timeout: 30_000, interval: 200 }
const dir = mkdtempSync(join(tmpdir(), 'at-tenants-'))
const keyOf = (tenant: string) => `key-of-tenant-${tenant}`
const apiKeys = ['owner', 'other'].map((tenant) => ({ name: tenant, tenant, key: keyOf(tenant) }))

let platform: Awaited<ReturnType<typeof startPlatform>>
const servers: Server[] = []
/** By resource, what the owner has; in what it has stands `hidden`. */
const owned: Record<string, string> = {}

beforeAll(async () => {
  const [redis, store] = [await startRedis({ dir }), await startVictoriaMetrics({ dir })]
  servers.push(redis, store)
  platform = await startPlatform({
    redis: { url: redis.url },
    datasources: [{ name: 'main', kind: 'victoriametrics', readUrl: store.url }],
    apiKeys,
  })
  await makeThings()
})
afterAll(async () => {
  await platform?.stop()
  for (const server of servers) await server.stop()
  rmSync(dir, { recursive: true, force: true })
})

interface Answer {
  readonly status: number
  readonly text: string
}

const jsonBody = { 'content-type': 'application/json' }

async function call(tenant: string, method: string, path: string, body?: object): Promise<Answer> {
  const signal = AbortSignal.timeout(path.endsWith('/events') ? 500 : 20_000)
  try {
    const answer = await fetch(`${platform.url}${path}`, {
      ...{ method, signal, headers: { authorization: `Bearer ${keyOf(tenant)}`, ...(body && jsonBody) } },
      ...(body && { body: JSON.stringify(body) }),
    })
    return { status: answer.status, text: await answer.text() }
  } catch (error) {
    // a stream without an event does not end
    if (path.endsWith('/events') && (error as Error).name === 'TimeoutError') return { status: 200, text: '' }
    throw error
  }
}

async function made(method: string, path: string, body: object): Promise<Record<string, string>> {
  const { status, text } = await call('owner', method, path, body)
  expect([path, status, text]).toEqual([path, expect.toSatisfy((code: number) => code < 300), text])
  return JSON.parse(text)
}

/** One of everything that a tenant can have. */
async function makeThings(): Promise<void> {
  const hidden = { owner: 'hidden', notes: 'hidden' }
  await made('PUT', '/api/v1/missions/secret', { query: 'hidden', labels: { team: 'hidden' }, ...hidden })
  const schedule = { flow: 'noop', spec: { every: '1h' }, params: {}, labels: { team: 'hidden' }, ...hidden }
  await made('PUT', '/api/v1/schedules/secret-schedule', schedule)
  const windows = [{ from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' }]
  await made('PUT', '/api/v1/calendars/secret-calendar', {
    selector: 'team=hidden',
    effect: 'noAlert',
    windows,
    ...hidden,
  })
  const range = { from: '2026-01-01T00:00:00Z', to: '2026-01-01T01:00:00Z' }
  await made('POST', '/api/v1/backfills', { id: 'secret-backfill', mission: 'secret', ...range })
  const series = [{ labels: { job: 'hidden' }, values: Array.from({ length: 40 }, (_, i) => i % 7) }]
  const job = await made('POST', '/api/v1/forecast-jobs', { series, predictionLength: 1 })
  const { runId = '' } = await made('POST', '/api/v1/schedules/secret-schedule/trigger', {})
  const posted = { cron: '0 * * * *', parameters: { promql: 'hidden + 1' } }
  const [half] = Object.values(await made('POST', '/deployments/forecasting-deployment/schedules', posted))
  await vi.waitFor(async () => expect((await call('owner', 'GET', `/api/v1/runs/${runId}`)).status).toBe(200), patience)
  Object.assign(owned, {
    ...{ missions: 'secret', schedules: 'secret-schedule', calendars: 'secret-calendar', backfills: 'secret-backfill' },
    ...{ forecasts: job.jobId, 'forecast-jobs': job.jobId, runs: runId, half: (half as unknown as { id: string }).id },
  })
}

interface Route {
  readonly method: string
  /** As described: `/api/v1/missions/{id}`. */
  readonly path: string
}

async function routes(): Promise<Route[]> {
  const { paths } = (await (await fetch(`${platform.url}/openapi.json`)).json()) as { paths: Record<string, object> }
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => ({ method: method.toUpperCase(), path })),
  )
}

/** Of everybody: their parameters name nothing that a tenant has. */
const shared = ['/api/v1/flows/{name}', '/api/v1/datasources/{name}/check', '/deployments/name/{flow}/{id}']
const operators = /^\/api\/v1\/limits\//

/** The path with what the owner has, or with what nobody has; undefined for a route that names nothing. */
function filled(path: string, present: boolean): string | undefined {
  if (!path.includes('{') || shared.includes(path) || operators.test(path)) return undefined
  const at = (name: string | undefined) => {
    if (name === undefined) throw new Error(`${path}: say here what stands for its parameter`)
    return encodeURIComponent(present ? name : name.replace(/secret|.$/, 'absent'))
  }
  const deployment = path.replace('{id}', 'forecasting-deployment')
  if (path.startsWith('/deployments'))
    return path.includes('{scheduleId}') ? deployment.replace('{scheduleId}', at(owned.half)) : undefined
  return path.replace(/\{\w+\}/, at(owned[path.split('/')[3] ?? '']))
}

const body = (path: string): object | undefined => {
  if (path.endsWith('/pause')) return { reason: 'x' }
  if (path.endsWith('/trigger')) return path.includes('missions') ? { flow: 'forecast' } : {}
  return undefined
}

/** Those that make something of the caller's own, under whatever id. */
const creates = ({ method }: Route) => method === 'PUT'

test('what another tenant has is not there, for any route, and looks like what nobody has', async () => {
  const named = (await routes()).filter((route) => filled(route.path, true) !== undefined && !creates(route))
  expect(named.length).toBeGreaterThan(20)
  for (const route of named) {
    const payload = route.method === 'POST' ? (body(route.path) ?? {}) : route.method === 'PATCH' ? {} : undefined
    const ask = async (present: boolean) => call('other', route.method, filled(route.path, present) ?? '', payload)
    const [theirs, nobodys] = [await ask(true), await ask(false)]
    const { code, detail } = JSON.parse(theirs.text)
    expect([route, theirs.status, code]).toEqual([route, 404, 'NOT_FOUND'])
    const ids = new RegExp(
      Object.values(owned)
        .flatMap((id) => [id, id.replace(/secret|.$/, 'absent')])
        .join('|'),
      'g',
    )
    expect([route, nobodys.status, JSON.parse(nobodys.text).detail.replace(ids, '')]).toEqual([
      ...[route, 404, detail.replace(ids, '')],
    ])
  }
})

test('lists, events and everything else that may be read tell nothing of others', async () => {
  const reads = (await routes()).filter(({ method, path }) => method === 'GET' && !path.includes('{'))
  for (const { path } of reads) {
    if (path === '/metrics') continue
    const { text } = await call('other', 'GET', path)
    expect([path, text.includes('hidden'), text.includes('secret')]).toEqual([path, false, false])
  }
  for (const path of ['/api/v1/limits', '/api/v1/config']) expect((await call('other', 'GET', path)).status).toBe(403)
})

test('the same ids and queries are free, and what is made under them is another thing', async () => {
  const before = await ownersThings()
  await call('other', 'PUT', '/api/v1/missions/secret', { query: 'mine' })
  await call('other', 'PUT', '/api/v1/schedules/secret-schedule', { flow: 'noop', spec: { every: '2h' } })
  const windows = [{ from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' }]
  await call('other', 'PUT', '/api/v1/calendars/secret-calendar', { selector: '*', effect: 'noRun', windows })
  const posted = { cron: '5 * * * *', parameters: { promql: 'hidden + 1' } }
  await call('other', 'POST', '/deployments/forecasting-deployment/schedules', posted)
  await call('other', 'POST', '/api/v1/bulk/missions/apply?owner=hidden&prune=true', [])
  await call('other', 'DELETE', '/api/v1/missions/secret')
  expect(await ownersThings()).toEqual(before)
})

async function ownersThings(): Promise<unknown[]> {
  const paths = [
    'missions/secret',
    'schedules/secret-schedule',
    'calendars/secret-calendar',
    'backfills/secret-backfill',
  ]
  const answers = await Promise.all(paths.map((path) => call('owner', 'GET', `/api/v1/${path}`)))
  const halves = await call('owner', 'GET', '/deployments/forecasting-deployment/schedules')
  return [...answers, halves].map(({ status, text }) => {
    const { document, generation } = JSON.parse(text)
    return { status, document, generation, schedules: Array.isArray(JSON.parse(text)) ? text : undefined }
  })
}
