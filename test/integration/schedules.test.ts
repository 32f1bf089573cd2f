import { afterEach, expect, test, vi } from 'vitest'
import { runReader } from '../../scheduler/api/run-reader.ts'
import type { Api } from '../../scheduler/api/types.ts'
import { createPlanner } from '../../scheduler/planning/planner.ts'
import type { ExecuteRun } from '../../scheduler/queue/runs.ts'
import { pauseFailing } from '../../scheduler/schedules/pause-failing.ts'
import { createScheduleService } from '../../scheduler/schedules/service.ts'
import { createScheduleStore, type ScheduleStore } from '../../scheduler/store/ticks/schedule-store.ts'
import { fakeApi } from '../fakes/fake-api.ts'
import { minuteMs, scheduleEntry } from '../fakes/schedules.ts'
import { at, nineMs } from './planner-stage.ts'
import { realRedis } from './real-redis.ts'
import { runWorkers } from './run-workers.ts'

const real = realRedis()
const clock = { nowMs: nineMs, now: () => clock.nowMs }
const { queue: openQueue, worker: startWorker } = runWorkers(real, clock)
const keys = [
  { name: 'ops', key: 'key-of-the-operator', tenant: 'default' },
  { name: 'anomaly-times', key: 'key-of-a-namesake', tenant: 'default' },
  { name: 'red', key: 'key-of-the-red-team', tenant: 'red' },
]
const minutely = { flow: 'noop', spec: { every: '1m', phase: '0s' }, policy: { startSpread: '0s' } }
let app: Api

afterEach(() => app.close())

/** The API over a real Redis, a planner on a clock that the test moves. */
async function scene() {
  clock.nowMs = nineMs
  const { queue, runs, ticks, runService } = openQueue()
  const schedules = createScheduleStore(real.redis)
  const metrics = { tick: () => undefined, lostRun: () => undefined }
  const planner = createPlanner({ redis: real.redis, clock, schedules, ticks, runs, queue, replica: 'one', metrics })
  app = await fakeApi({
    ...{ settings: { apiKeys: keys }, runs: runReader(runs), runService, ticks, now: clock.now },
    schedules: createScheduleService({ schedules, ticks, queue, clock }),
  })
  return {
    schedules,
    plan: (minute: number) => {
      clock.nowMs = at(minute)
      return planner.planDue(clock.nowMs)
    },
    /** A worker that tells schedule, T and flow of what it ran. */
    work(execute: ExecuteRun = async () => ({})) {
      const ran: string[] = []
      const pause = pauseFailing({ schedules, clock })
      startWorker(
        async (job, control) => {
          ran.push(`${job.scheduleId} ${(job.nominalMs - nineMs) / minuteMs} ${job.task?.flow}`)
          return execute(job, control)
        },
        { onSettled: pause },
      )
      return ran
    },
  }
}

async function call(method: 'GET' | 'PUT' | 'PATCH' | 'POST' | 'DELETE', path: string, options: CallOptions = {}) {
  const { body, headers = {}, key = 'key-of-the-operator' } = options
  const response = await app.inject({
    ...{ method, url: `/api/v1${path}`, headers: { authorization: `Bearer ${key}`, ...headers } },
    ...(body !== undefined && { payload: body }),
  })
  return { status: response.statusCode, etag: response.headers.etag, body: response.body === '' ? {} : response.json() }
}

interface CallOptions {
  readonly body?: object
  readonly headers?: Record<string, string>
  readonly key?: string
}

const seen = (actual: () => unknown, expected: unknown) =>
  vi.waitFor(() => expect(actual()).toEqual(expected), { timeout: 10_000, interval: 20 })

test('one that cannot be read can be removed', async () => {
  await scene()
  await real.redis.hset('{at}:sch:default:broken', { doc: '{', generation: 1, last: 1 })
  await real.redis.zadd('{at}:schedules', 0, 'default/broken')
  expect((await call('GET', '/schedules/broken')).status).toBe(404)
  expect((await call('DELETE', '/schedules/broken')).status).toBe(204)
  expect((await call('DELETE', '/schedules/broken')).status).toBe(404)
})

test.each(['100000000d', '200000000d'])('an interval of %s is refused', async (every) => {
  await scene()
  const body = { flow: 'noop', spec: { every } }
  expect((await call('PUT', '/schedules/probe', { body })).status).toBe(422)
})

test('a schedule of its own is created, runs its flow, is edited and deleted', async () => {
  const { plan, work } = await scene()
  const ran = work()
  const created = await call('PUT', '/schedules/probe', { body: { ...minutely, labels: { team: 'sre' } } })
  expect(created).toMatchObject({ status: 201, etag: '"1"', body: { outcome: 'created', state: 'active' } })
  expect(created.body).toMatchObject({ nextAt: '2026-11-02T09:01:00.000Z', spec: { every: '1m', phase: '0s' } })
  expect(await call('PUT', '/schedules/probe', { body: { ...minutely, labels: { team: 'sre' } } })).toMatchObject({
    ...{ status: 200, etag: '"1"', body: { outcome: 'unchanged' } },
  })
  await plan(1)
  await seen(() => ran, ['probe 1 noop'])
  const { body } = await call('GET', '/schedules/probe')
  expect(body).toMatchObject({
    document: { id: 'probe', ...minutely },
    status: { failures: 0, counters: { run: 1 }, lastTick: { outcome: 'run', reason: 'on_time' } },
  })
  const edited = { ...minutely, spec: { every: '2m', phase: '0s' } }
  const headers = { 'if-match': '"7"' }
  expect(await call('PUT', '/schedules/probe', { body: edited, headers })).toMatchObject({ status: 412 })
  expect(await call('PUT', '/schedules/probe', { body: edited, headers: { 'if-match': '"1"' } })).toMatchObject({
    ...{ status: 200, etag: '"2"', body: { outcome: 'updated', nextAt: '2026-11-02T09:02:00.000Z' } },
  })
  expect((await call('DELETE', '/schedules/probe', { headers })).status).toBe(412)
  expect((await call('DELETE', '/schedules/probe')).status).toBe(204)
  expect((await call('GET', '/schedules/probe')).status).toBe(404)
  await plan(4)
  expect(ran).toEqual(['probe 1 noop'])
})

test('a patch changes what it names, and no edit is lost where many patch at once', async () => {
  const { schedules } = await scene()
  await schedules.upsertSchedule(scheduleEntry(), nineMs)
  await call('PUT', '/schedules/probe', { body: { ...minutely, owner: 'ann' } })
  const patch = (body: object, id = 'probe') => call('PATCH', `/schedules/${id}`, { body })
  expect(await patch({ owner: null, spec: { every: '2m' } })).toMatchObject({
    ...{ status: 200, etag: '"2"', body: { outcome: 'updated', nextAt: '2026-11-02T09:02:00.000Z' } },
  })
  expect(await patch({ spec: { every: '2m' } })).toMatchObject({ etag: '"2"', body: { outcome: 'unchanged' } })
  const names = Array.from({ length: 8 }, (_, i) => `by${i}`)
  const answers = await Promise.all(names.map((name) => patch({ labels: { [name]: 'yes' } })))
  expect(answers.map(({ status }) => status)).toEqual(names.map(() => 200))
  const { body } = await call('GET', '/schedules/probe')
  expect(body.document).toEqual({
    ...{ id: 'probe', ...minutely, spec: { every: '2m', phase: '0s' } },
    labels: Object.fromEntries(names.map((name) => [name, 'yes'])),
  })
  expect(await patch({ notes: 'x' }, 'cpu.detect')).toMatchObject({ status: 409 })
})

test('who writes hears of what it has written, whatever comes after it', async () => {
  const { queue, ticks } = openQueue()
  const schedules = createScheduleStore(real.redis)
  const key = { tenant: 'default', id: 'probe' }
  const othersPause = async <Answer>(answer: Answer) => {
    await schedules.setPaused(key, { reason: 'somebody else' }, nineMs)
    return answer
  }
  const outrun: ScheduleStore = {
    ...schedules,
    upsertSchedule: async (...args) => othersPause(await schedules.upsertSchedule(...args)),
    setPaused: async (...args) => othersPause(await schedules.setPaused(...args)),
  }
  const service = createScheduleService({ schedules: outrun, ticks, queue, clock })
  const { schedule } = await service.put('default', { id: 'probe', ...minutely }, {})
  expect(schedule).toMatchObject({ generation: 1 })
  expect(schedule).not.toHaveProperty('pause')
  const paused = await service.pause(key, { reason: 'release', actor: 'ann' })
  expect(paused).toMatchObject({ generation: 3, pause: { reason: 'release' } })
  expect(await service.resume(key)).toMatchObject({ generation: 5, pause: { untilMs: clock.nowMs } })
})

test('a list has the schedules of missions too, which their missions alone change', async () => {
  const { schedules } = await scene()
  await schedules.upsertSchedule(scheduleEntry(), nineMs)
  await call('PUT', '/schedules/probe', { body: { ...minutely, labels: { team: 'sre' } } })
  const ids = async (query = '') =>
    (await call('GET', `/schedules${query}`)).body.schedules.map(({ id }: { id: string }) => id)
  expect(await ids()).toEqual(['cpu.detect', 'probe'])
  expect(await ids('?mission=cpu')).toEqual(['cpu.detect'])
  expect(await ids('?labels=team%3Dsre')).toEqual(['probe'])
  expect(await ids('?flow=noop&state=paused')).toEqual([])
  expect((await call('GET', '/schedules?labels=team')).status).toBe(422)
  const first = await call('GET', '/schedules?limit=1')
  expect(first.body.schedules).toHaveLength(1)
  expect(await ids(`?limit=1&cursor=${first.body.cursor}`)).toEqual(['probe'])
  for (const [method, path] of [
    ['DELETE', '/schedules/cpu.detect'],
    ['POST', '/schedules/cpu.detect/pause'],
    ['POST', '/schedules/cpu.detect/trigger'],
  ] as const) {
    const { status, body } = await call(method, path)
    expect([status, body.detail]).toEqual([409, expect.stringContaining('belongs to mission "cpu"')])
  }
  expect((await call('PUT', '/schedules/cpu.detect', { body: minutely })).status).toBe(422)
})

test('a tenant sees and changes its own schedules alone', async () => {
  await scene()
  await call('PUT', '/schedules/probe', { body: minutely })
  const key = 'key-of-the-red-team'
  expect((await call('GET', '/schedules', { key })).body.schedules).toEqual([])
  expect((await call('GET', '/schedules/probe', { key })).status).toBe(404)
  expect((await call('DELETE', '/schedules/probe', { key })).status).toBe(404)
  expect((await call('PUT', '/schedules/probe', { body: minutely, key })).status).toBe(201)
  expect((await call('DELETE', '/schedules/probe', { key })).status).toBe(204)
  expect((await call('GET', '/schedules/probe')).status).toBe(200)
})

test('ticks of a pause end as paused; a pause ends by itself or by resume', async () => {
  const { plan, work } = await scene()
  const ran = work()
  await call('PUT', '/schedules/probe', { body: minutely })
  const paused = await call('POST', '/schedules/probe/pause', {
    body: { reason: 'release', until: new Date(at(2)).toISOString() },
  })
  expect(paused.body).toMatchObject({ state: 'paused', pause: { reason: 'release', actor: 'ops' } })
  await plan(1)
  await plan(2)
  await plan(3)
  await seen(() => ran, ['probe 3 noop'])
  await call('POST', '/schedules/probe/pause')
  await plan(4)
  expect((await call('POST', '/schedules/probe/resume')).body).toMatchObject({ state: 'active' })
  await plan(5)
  await seen(() => ran, ['probe 3 noop', 'probe 5 noop'])
  const { body } = await call('GET', '/schedules/probe/ticks')
  expect(body.ticks.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
    ...['paused', 'paused', 'run', 'paused', 'run'],
  ])
})

test('a trigger runs beside the schedule, once for each T, with other parameters where they fit', async () => {
  const { work } = await scene()
  const ran = work()
  const body = { ...minutely, flow: 'detect', params: { mission: 'cpu' }, spec: { cron: '0 6 * * *' } }
  await call('PUT', '/schedules/six', { body })
  const nominal = new Date(at(-60)).toISOString()
  const first = await call('POST', '/schedules/six/trigger', { body: { nominal } })
  expect(first).toMatchObject({ status: 202, body: { runId: `t.default.six.${at(-60)}` } })
  await call('POST', '/schedules/six/trigger', { body: { nominal, params: { mission: 'mem' } } })
  expect((await call('POST', '/schedules/six/trigger', { body: { params: { missoin: 'mem' } } })).body).toMatchObject({
    ...{ status: 422, code: 'INVALID_PARAMS' },
  })
  await seen(() => ran, ['six -60 detect'])
  await vi.waitFor(async () => {
    const { body: page } = await call('GET', '/schedules/six/runs')
    expect(page.runs).toMatchObject([{ flow: 'detect', schedule: 'six', kind: 'trigger', state: 'succeeded' }])
    expect(page.runs[0]).not.toHaveProperty('mission')
  })
})

test('runs that fail one after the other pause a schedule that asks for it; one run probes, and the next pause is longer', async () => {
  const { plan, work } = await scene()
  let isBroken = true
  const ran = work(async () => {
    if (isBroken) throw new Error('no route to host')
    return {}
  })
  const policy = { ...minutely.policy, pauseAfterFailures: 2, maxAttempts: 1 }
  await call('PUT', '/schedules/probe', { body: { ...minutely, policy } })
  const state = async () => {
    const { body } = await call('GET', '/schedules/probe')
    return [body.state, body.status.failures, body.pause?.until]
  }
  const becomes = (expected: unknown) => vi.waitFor(async () => expect(await state()).toEqual(expected), 10_000)
  await plan(1)
  await becomes(['active', 1, undefined])
  await plan(2)
  await becomes(['paused', 2, new Date(at(17)).toISOString()])
  expect((await call('GET', '/schedules/probe')).body.pause).toMatchObject({
    ...{ actor: 'anomaly-times', reason: expect.stringContaining('2 runs failed one after the other') },
  })
  await plan(10)
  await plan(18)
  await becomes(['paused', 3, new Date(at(48)).toISOString()])
  isBroken = false
  await plan(49)
  await becomes(['active', 0, undefined])
  expect(ran).toEqual(['probe 1 noop', 'probe 2 noop', 'probe 18 noop', 'probe 49 noop'])
})

test('a pause of somebody is not cut short by failures', async () => {
  const { schedules } = await scene()
  const policy = { ...minutely.policy, pauseAfterFailures: 1 }
  await call('PUT', '/schedules/probe', { body: { ...minutely, policy } })
  const job = { tenant: 'default', scheduleId: 'probe', kind: 'tick', task: { flow: 'noop', params: {} } }
  const fail = () => pauseFailing({ schedules: atTheSameTime, clock })({ state: 'failed' } as never, job as never)
  // whoever pauses it comes in after the failure is counted
  const atTheSameTime: typeof schedules = {
    ...schedules,
    async pauseIf(...args) {
      await call('POST', '/schedules/probe/pause', { body: { reason: 'release' }, key: 'key-of-a-namesake' })
      await schedules.pauseIf(...args)
    },
  }
  for (let i = 0; i < 2; i++) {
    await fail()
    const { body } = await call('GET', '/schedules/probe')
    expect(body.pause).toMatchObject({ reason: 'release', actor: 'anomaly-times' })
    expect(body.pause).not.toHaveProperty('until')
  }
})

test('times and previews tell when it is due, and beside what', async () => {
  await scene()
  const berlin = { cron: '30 2 * * *', timeZone: 'Europe/Berlin' }
  await call('PUT', '/schedules/night', { body: { ...minutely, spec: berlin } })
  const range = '?from=2027-03-27T12:00:00Z&to=2027-03-29T12:00:00Z'
  expect((await call('GET', `/schedules/night/times${range}`)).body.times).toEqual([
    { nominal: '2027-03-28T01:00:00.000Z', clocks: 'shifted' },
    { nominal: '2027-03-29T00:30:00.000Z' },
  ])
  expect((await call('GET', '/schedules/night/times?from=2027-01-02T00:00:00Z&to=2027-01-01T00:00:00Z')).status).toBe(
    422,
  )
  await call('PUT', '/schedules/probe', { body: minutely })
  const body = { id: 'new', ...minutely, spec: { every: '30s', phase: '0s' } }
  const preview = await call('POST', '/schedule-previews?count=2', { body })
  expect(preview.body.times).toEqual([{ nominal: '2026-11-02T09:00:30.000Z' }, { nominal: '2026-11-02T09:01:00.000Z' }])
  const { registered, own } = preview.body.load
  const seconds = (starts: number[]) => starts.flatMap((count, second) => (count > 0 ? [`${second}: ${count}`] : []))
  expect(seconds(registered)).toEqual(['0: 1', '60: 1', '120: 1', '180: 1', '240: 1'])
  expect(seconds(own)).toHaveLength(10)
  expect((await call('GET', '/schedules/new')).status).toBe(404)
  expect((await call('POST', '/schedule-previews', { body: { ...body, spec: { cron: '0 0 31 2 *' } } })).status).toBe(
    422,
  )
})

test('flows tell what they take', async () => {
  await scene()
  const { body } = await call('GET', '/flows')
  expect(body.flows.map(({ name, pool }: { name: string; pool: string }) => `${name} ${pool}`)).toEqual([
    ...['forecast forecast', 'detect detect', 'forecast-once forecast', 'noop detect'],
  ])
  const { body: flow } = await call('GET', '/flows/detect')
  expect(flow.params).toMatchObject({ required: ['mission'], additionalProperties: false })
  expect((await call('GET', '/flows/detcet')).body.detail).toContain('did you mean "detect"?')
})
