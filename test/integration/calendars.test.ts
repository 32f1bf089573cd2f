import { afterEach, expect, test } from 'vitest'
import type { Api } from '../../scheduler/api/types.ts'
import { createCalendarReader } from '../../scheduler/calendars/calendar-reader.ts'
import { createCalendarService } from '../../scheduler/calendars/service.ts'
import { createMissionService } from '../../scheduler/missions/mission-service.ts'
import { createPlanner } from '../../scheduler/planning/planner.ts'
import { createScheduleService } from '../../scheduler/schedules/service.ts'
import { createCalendarStore } from '../../scheduler/store/calendars/calendar-store.ts'
import { createScheduleStore } from '../../scheduler/store/ticks/schedule-store.ts'
import { fakeApi } from '../fakes/fake-api.ts'
import { missionStage } from './mission-stage.ts'
import { at, nineMs } from './planner-stage.ts'
import { realRedis } from './real-redis.ts'
import { runWorkers } from './run-workers.ts'

const real = realRedis()
const stage = missionStage(real)
const clock = { nowMs: nineMs, now: () => clock.nowMs }
const { queue: openQueue } = runWorkers(real, clock)
const keys = [
  { name: 'ops', key: 'key-of-the-operator', tenant: 'default' },
  { name: 'red', key: 'key-of-the-red-team', tenant: 'red' },
]
let app: Api
afterEach(() => app.close())

/** The API over a real Redis, a planner on a clock that the test moves. */
async function scene(isInstalled = true) {
  clock.nowMs = nineMs
  stage.nowMs = nineMs
  const { queue, runs, ticks, runService } = openQueue()
  const schedules = createScheduleStore(real.redis)
  const calendars = createCalendarStore(real.redis)
  const reader = createCalendarReader({ calendars })
  const metrics = { tick: () => undefined, lostRun: () => undefined }
  const planner = createPlanner({
    ...{ redis: real.redis, clock, schedules, ticks, runs, queue, replica: 'one', metrics, calendars: reader },
  })
  stage.deps = { ...stage.deps, calendars: reader }
  stage.service = createMissionService(stage.deps)
  app = await fakeApi({
    ...{ settings: { apiKeys: keys }, runService, ticks, now: clock.now, missions: stage.service },
    schedules: createScheduleService({ schedules, ticks, queue, clock }),
    calendars: createCalendarService({ calendars, reader, clock, installed: async () => isInstalled }),
  })
  // starts of missions are spread over a quarter of the minute
  return (minute: number) => {
    clock.nowMs = at(minute + 0.5)
    stage.nowMs = clock.nowMs
    return planner.planDue(clock.nowMs)
  }
}

async function call(method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, options: CallOptions = {}) {
  const { body, headers = {}, key = 'key-of-the-operator' } = options
  const response = await app.inject({
    ...{ method, url: `/api/v1${path}`, headers: { authorization: `Bearer ${key}`, ...headers } },
    ...(body !== undefined && { payload: body }),
  })
  const { statusCode: status, headers: answered } = response
  return { status, headers: answered, body: response.body === '' ? {} : response.json() }
}

interface CallOptions {
  readonly body?: object
  readonly headers?: Record<string, string>
  readonly key?: string
}

const freeze = {
  ...{ selector: 'team=sre', effect: 'noRun' },
  windows: [{ from: '2026-11-02T09:02:00Z', to: '2026-11-02T09:04:00Z' }],
}
const put = (id: string, body: object, headers: Record<string, string> = {}) =>
  call('PUT', `/calendars/${id}`, { body, headers })

test('a calendar is created, found unchanged, edited by its generation and deleted', async () => {
  await scene()
  const created = await put('freeze', freeze, { 'if-none-match': '*' })
  expect([created.status, created.headers.etag, created.headers.location]).toEqual([
    ...[201, '"1"', '/api/v1/calendars/freeze'],
  ])
  expect(created.body).toEqual({
    ...{ id: 'freeze', generation: 1, outcome: 'created', state: 'waiting' },
    ...{ createdAt: '2026-11-02T09:00:00.000Z', updatedAt: '2026-11-02T09:00:00.000Z' },
    window: { from: '2026-11-02T09:02:00.000Z', to: '2026-11-02T09:04:00.000Z' },
    document: { id: 'freeze', ...freeze },
  })
  expect((await put('freeze', freeze)).body).toMatchObject({ outcome: 'unchanged', generation: 1 })
  expect((await put('freeze', freeze, { 'if-none-match': '*' })).status).toBe(412)
  expect((await put('freeze', { ...freeze, effect: 'mask' }, { 'if-match': '"2"' })).status).toBe(412)
  const edited = await put('freeze', { ...freeze, effect: 'mask' }, { 'if-match': '"1"' })
  expect([edited.status, edited.body.generation, edited.body.outcome]).toEqual([200, 2, 'updated'])
  expect((await call('DELETE', '/calendars/freeze', { headers: { 'if-match': '"1"' } })).status).toBe(412)
  expect((await call('DELETE', '/calendars/freeze')).status).toBe(204)
  expect((await call('GET', '/calendars/freeze')).status).toBe(404)
  expect((await call('DELETE', '/calendars/freeze')).status).toBe(404)
})

test.each([
  { name: 'an id in the body that is another', body: { ...freeze, id: 'thaw' }, pointer: '/id' },
  { name: 'no selector', body: { ...freeze, selector: undefined }, pointer: '/selector' },
  { name: 'a selector that is none', body: { ...freeze, selector: 'sre' }, pointer: '/selector' },
  { name: 'a field too many', body: { ...freeze, until: 'ever' }, pointer: '/until' },
  {
    name: 'a zone that is none',
    body: { ...freeze, windows: [{ cron: '0 2 * * *', duration: '1h', timeZone: 'Mars/Base' }] },
    pointer: '/windows/0/timeZone',
  },
])('$name is refused, and the field is named', async ({ body, pointer }) => {
  await scene()
  const { status, body: problem } = await put('freeze', body)
  expect([status, problem.code, problem.errors[0].pointer]).toEqual([422, 'INVALID_PARAMS', pointer])
  expect((await call('GET', '/calendars')).body).toEqual({ calendars: [] })
})

test('calendars are listed in pages, by effect, of one tenant', async () => {
  await scene()
  for (const id of ['c', 'a', 'b']) await put(id, { ...freeze, effect: id === 'b' ? 'mask' : 'noRun' })
  await call('PUT', '/calendars/theirs', { body: freeze, key: 'key-of-the-red-team' })
  const ids = (body: { calendars: { id: string }[] }) => body.calendars.map(({ id }) => id)
  const first = await call('GET', '/calendars?limit=2')
  expect([ids(first.body), first.headers.link]).toEqual([['a', 'b'], expect.stringContaining('rel="next"')])
  expect(ids((await call('GET', `/calendars?limit=2&cursor=${first.body.cursor}`)).body)).toEqual(['c'])
  expect(ids((await call('GET', '/calendars?effect=mask')).body)).toEqual(['b'])
  expect(ids((await call('GET', '/calendars', { key: 'key-of-the-red-team' })).body)).toEqual(['theirs'])
  expect((await call('GET', '/calendars/theirs')).status).toBe(404)
})

test('its windows are listed without overlaps, across a change of the clocks', async () => {
  await scene()
  const windows = [
    { cron: '0 2 * * *', duration: '2h', timeZone: 'Europe/Berlin' },
    { from: '2027-03-27T03:00:00Z', to: '2027-03-27T05:00:00Z' },
  ]
  await put('nightly', { ...freeze, windows })
  const { body } = await call('GET', '/calendars/nightly/times?from=2027-03-27T02:00:00Z&limit=3')
  expect(body.windows).toEqual([
    { from: '2027-03-27T01:00:00.000Z', to: '2027-03-27T05:00:00.000Z' },
    { from: '2027-03-28T01:00:00.000Z', to: '2027-03-28T03:00:00.000Z' },
    { from: '2027-03-29T00:00:00.000Z', to: '2027-03-29T02:00:00.000Z' },
  ])
})

const mission = { query: 'up', labels: { team: 'sre' }, forecast: { every: '1h', phase: '1m' } }

test('a mission is not run within a window, and says until when and why', async () => {
  const plan = await scene()
  await call('PUT', '/missions/cpu', { body: mission })
  await put('freeze', freeze)
  for (const minute of [1, 2, 3]) await plan(minute)
  const ticks = (await call('GET', '/schedules/cpu.detect/ticks?from=2026-11-02T09:01:00Z')).body.ticks
  expect(ticks).toEqual([
    ...[2, 3].map((minute) => ({
      nominal: new Date(at(minute)).toISOString(),
      ...{ outcome: 'calendar', reason: 'calendar', calendar: 'freeze' },
    })),
  ])
  const until = '2026-11-02T09:04:00.000Z'
  expect((await call('GET', '/missions/cpu')).body.status).toMatchObject({
    calendars: [{ calendar: 'freeze', effect: 'noRun', until }],
    alertsOff: { until, calendar: 'freeze' },
    nextDetectAt: until,
    nextForecastAt: '2026-11-02T10:01:00.000Z',
  })
  const times = (await call('GET', '/schedules/cpu.detect/times?limit=2&from=2026-11-02T09:02:00Z')).body.times
  expect(times).toEqual([
    { nominal: '2026-11-02T09:03:00.000Z', calendars: [{ calendar: 'freeze', effect: 'noRun', until }] },
    { nominal: until },
  ])
  const triggered = await call('POST', '/missions/cpu/trigger', { body: { flow: 'detect' } })
  expect([triggered.status, triggered.body.warnings]).toEqual([
    ...[202, [`calendar "freeze" lets nothing run by itself until ${until}`]],
  ])
})

test('alerts are off while a noAlert window is open, and runs go on', async () => {
  const plan = await scene()
  await call('PUT', '/missions/cpu', { body: mission })
  await put('quiet', { ...freeze, effect: 'noAlert' })
  await put('longer', { ...freeze, effect: 'mask', windows: [{ cron: '0 9 * * *', duration: '1h' }] })
  await plan(2)
  const { status } = (await call('GET', '/missions/cpu')).body
  expect(status.alertsOff).toEqual({ until: '2026-11-02T09:04:00.000Z', calendar: 'quiet' })
  expect(status.calendars.map(({ calendar }: { calendar: string }) => calendar)).toEqual(['longer', 'quiet'])
  expect(status.nextDetectAt).toBe('2026-11-02T09:03:00.000Z')
  await plan(4)
  expect((await call('GET', '/missions/cpu')).body.status).not.toHaveProperty('alertsOff')
})

test('other labels of a mission are another selector’s, at once', async () => {
  const plan = await scene()
  await put('freeze', { ...freeze, windows: [{ from: '2026-11-02T09:00:00Z', to: '2026-11-02T10:00:00Z' }] })
  await call('PUT', '/missions/cpu', { body: mission })
  await plan(1)
  await call('PUT', '/missions/cpu', { body: { ...mission, labels: { team: 'web' } } })
  await plan(2)
  await call('PUT', '/missions/cpu', { body: mission })
  await plan(3)
  const { labels: _, ...unlabelled } = mission
  await call('PUT', '/missions/cpu', { body: unlabelled })
  await plan(4)
  const { ticks } = (await call('GET', '/schedules/cpu.detect/ticks')).body
  const taken = ticks.filter(({ outcome }: { outcome: string }) => outcome === 'calendar')
  expect(taken.map(({ nominal }: { nominal: string }) => nominal.slice(14, 16))).toEqual(['01', '03'])
})

test('a preview bears the flags of the calendars, and a schedule of its own is taken by its labels', async () => {
  const plan = await scene()
  await put('freeze', freeze)
  const probe = {
    flow: 'noop',
    spec: { every: '1m', phase: '0s' },
    policy: { startSpread: '0s' },
    labels: { team: 'sre' },
  }
  const preview = await call('POST', '/schedule-previews?count=2', { body: { id: 'probe', ...probe } })
  expect(preview.body.times.map(({ calendars = [] }) => calendars.length)).toEqual([0, 1])
  await call('PUT', '/schedules/probe', { body: probe })
  await plan(3)
  expect((await call('GET', '/schedules/probe')).body.status.counters).toEqual({ calendar: 2 })
  const triggered = await call('POST', '/schedules/probe/trigger')
  expect(triggered.body.warnings).toEqual([expect.stringContaining('calendar "freeze"')])
})

test('while Redis is being filled there are none to change', async () => {
  await scene(false)
  expect((await put('freeze', freeze)).body.code).toBe('REDIS_UNAVAILABLE')
})
