import { expect, onTestFinished, test } from 'vitest'
import { missionsReadiness } from '../../../scheduler/process/readiness-checks.ts'
import { type FakeApiOptions, fakeApi } from '../../fakes/fake-api.ts'
import { runCli } from '../../fakes/fake-io.ts'
import { fakeMissionService } from '../../fakes/fake-mission-service.ts'

async function statusOf(
  options: FakeApiOptions,
): Promise<{ exitCode: number; lines: { what: string; health: string; detail: string }[] }> {
  const app = await fakeApi(options)
  onTestFinished(() => app.close())
  const environment = { AT_API: await app.listen({ port: 0, host: '127.0.0.1' }) }
  const { exitCode, out } = await runCli(['status', '--json'], { environment })
  return { exitCode, lines: JSON.parse(out).lines }
}

const seen = (role: 'scheduler' | 'forecast' | 'detect', isAlive = true) => ({
  ...{ name: `${role}-1`, role, version: '0.1.0', url: 'http://x', startedMs: 0, seenMs: 0, isAlive },
})
const size = { waiting: 0, delayed: 0, active: 0, completed: 0, failed: 0, nextWaitMs: 0 }
const fleet = {
  processes: async () => [seen('scheduler'), seen('forecast'), seen('detect')],
  queue: async () => size,
}
const datasources = {
  list: () => [{ name: 'main', kind: 'victoriametrics', futureWrites: 'auto' }],
  check: async () => ({ ok: true, findings: [] }),
}
const healthy: FakeApiOptions = { fleet, datasources, readiness: [{ name: 'redis', check: async () => undefined }] }

test('all is well', async () => {
  const { exitCode, lines } = await statusOf(healthy)
  expect(exitCode).toBe(0)
  expect(lines.map(({ what }) => what)).toEqual([
    ...['API', 'redis', 'scheduler-1', 'forecast-1', 'detect-1', 'pool forecast', 'pool detect'],
    ...['forecasts on demand', 'datasource main', 'missions'],
  ])
})

test.each<{
  what: string
  options: FakeApiOptions
  exitCode: number
  line: { what: string; health: string; detail?: unknown }
}>([
  {
    what: 'Redis is away',
    options: { readiness: [{ name: 'redis', check: async () => 'does not answer' }] },
    exitCode: 2,
    line: { what: 'redis', health: 'bad', detail: 'does not answer' },
  },
  {
    what: 'no worker scores',
    options: {
      fleet: { ...fleet, processes: async () => [seen('scheduler'), seen('forecast'), seen('detect', false)] },
    },
    exitCode: 2,
    line: { what: 'pool detect', health: 'bad', detail: 'no worker; 0 waiting (oldest 0 s), 0 active' },
  },
  {
    what: 'jobs wait long',
    options: { fleet: { ...fleet, queue: async () => ({ ...size, waiting: 9, nextWaitMs: 300_000 }) } },
    exitCode: 1,
    line: { what: 'pool forecast', health: 'poor', detail: '9 waiting (oldest 300 s), 0 active' },
  },
  {
    what: 'a store is set up badly',
    options: {
      datasources: {
        ...datasources,
        check: async () => ({ ok: true, findings: [{ severity: 'warning', detail: 'no dedup' }] }),
      },
    },
    exitCode: 1,
    line: { what: 'datasource main', health: 'poor', detail: 'victoriametrics; no dedup' },
  },
  {
    what: 'missions cannot be listed',
    options: { missions: { ...fakeMissionService(), list: () => Promise.reject(new Error('x')) } },
    exitCode: 2,
    line: { what: 'missions', health: 'bad', detail: expect.stringContaining('a defect of ours') },
  },
])('$what: exit code $exitCode', async ({ options, exitCode, line }) => {
  const status = await statusOf({ ...healthy, ...options })
  expect(status.exitCode).toBe(exitCode)
  expect(status.lines).toContainEqual(expect.objectContaining(line))
})

test('a tenant sees its own missions and datasources, and whether the platform is ready', async () => {
  const key = 'key-of-the-red-team'
  const app = await fakeApi({ ...healthy, settings: { apiKeys: [{ name: 'red', key, tenant: 'red' }] } })
  onTestFinished(() => app.close())
  const environment = { AT_API: await app.listen({ port: 0, host: '127.0.0.1' }), AT_API_KEY: key }
  const { exitCode, out } = await runCli(['status', '--json'], { environment })
  expect(exitCode).toBe(0)
  expect(JSON.parse(out).lines.map(({ what }: { what: string }) => what)).toEqual([
    'API',
    'datasource main',
    'missions',
  ])
})

test('a mission whose query could not be checked is named', async () => {
  const missions = fakeMissionService()
  await missions.put('default', { id: 'cpu', query: 'up' }, { actor: 'test' })
  const unchecked = { sinceMs: 0, reason: 'away' }
  const status: typeof missions.status = async () => ({ state: 'new', consecutiveFailures: 0, unchecked })
  const { exitCode, lines } = await statusOf({ ...healthy, missions: { ...missions, status } })
  expect(exitCode).toBe(1)
  expect(lines.at(-1)).toEqual({
    ...{ what: 'missions', health: 'poor', detail: '1 new; query not checked yet: cpu' },
    numbers: { total: 1, new: 1, unchecked: 1, fallback: 0 },
  })
})

test.each([
  { series: {}, isNamed: true },
  { series: { no_data: 3, normal: 0 }, isNamed: true },
  { series: { no_data: 3, normal: 1 }, isNamed: false },
])('an active mission of which no series has data is named: $series', async ({ series, isNamed }) => {
  const missions = fakeMissionService()
  await missions.put('default', { id: 'cpu', query: 'up' }, { actor: 'test' })
  const status = async () => ({ state: 'active', consecutiveFailures: 0, series }) as never
  const { exitCode, lines } = await statusOf({ ...healthy, missions: { ...missions, status } })
  expect(exitCode).toBe(isNamed ? 1 : 0)
  expect(lines.at(-1)?.detail).toBe(isNamed ? '1 active; no series have data: cpu' : '1 active')
})

test.each([
  { fallback: 'fallback:MODEL_MISSING', detail: '2 active; 2 on their fall-back: MODEL_MISSING', exitCode: 1 },
  {
    fallback: 'fallback:SHORT_CONTEXT fallback:MODEL_FAILED',
    ...{ detail: '2 active; 2 on their fall-back: MODEL_FAILED', exitCode: 1 },
  },
  // nobody can do anything about it
  { fallback: 'fallback:SHORT_CONTEXT', detail: '2 active', exitCode: 0 },
])('missions on $fallback: $detail', async ({ fallback, detail, exitCode }) => {
  const missions = fakeMissionService()
  for (const id of ['cpu', 'memory']) await missions.put('default', { id, query: 'up' }, { actor: 'test' })
  const status = async () => ({ state: 'active', consecutiveFailures: 0, fallback }) as const
  const ended = await statusOf({ ...healthy, missions: { ...missions, status } })
  expect(ended.exitCode).toBe(exitCode)
  expect(ended.lines.at(-1)).toMatchObject({ health: exitCode === 0 ? 'ok' : 'poor', detail })
})

test('failing missions are named', async () => {
  const missions = fakeMissionService()
  await missions.put('default', { id: 'cpu', query: 'up' }, { actor: 'test' })
  const failing = { ...missions, status: async () => ({ state: 'failing', consecutiveFailures: 3 }) as const }
  const { exitCode, lines } = await statusOf({ ...healthy, missions: failing })
  expect(exitCode).toBe(1)
  expect(lines.at(-1)).toEqual({
    ...{ what: 'missions', health: 'poor', detail: '1 failing; failing: cpu' },
    numbers: { total: 1, failing: 1, unchecked: 0, fallback: 0 },
  })
})

test('nothing listens there', async () => {
  const { exitCode, out } = await runCli(['status'], { environment: { AT_API: 'http://127.0.0.1:1' } })
  expect(exitCode).toBe(2)
  expect(out).toMatch(/^WHAT +HEALTH +DETAIL\nAPI +bad +nothing listens at http:\/\/127\.0\.0\.1:1/)
  expect(out.split('\n')).toHaveLength(2)
})

test('what a pool does is there in numbers', async () => {
  const queue = async () => ({ ...size, waiting: 9, active: 2, nextWaitMs: 1_500 })
  const { lines } = await statusOf({ ...healthy, fleet: { ...fleet, queue } })
  const numbers = { waiting: 9, delayed: 0, active: 2, oldestWaitSeconds: 1.5 }
  for (const what of ['pool detect', 'forecasts on demand'])
    expect(lines).toContainEqual(expect.objectContaining({ what, numbers }))
})

test('every line has a name of its own, and a missing key is told once', async () => {
  const readiness = [missionsReadiness({ id: async () => 'one' })]
  const { lines } = await statusOf({ ...healthy, readiness })
  expect(new Set(lines.map(({ what }) => what)).size).toBe(lines.length)
  const apiKeys = [{ name: 'ci', key: 'key-of-the-red-team', tenant: 'red' }]
  const refused = await statusOf({ ...healthy, settings: { apiKeys } })
  expect(refused.exitCode).toBe(2)
  expect(refused.lines).toEqual([{ what: 'API', health: 'bad', detail: expect.stringContaining('AT_API_KEY') }])
})
