import { expect, onTestFinished, test } from 'vitest'
import { runReader } from '../../scheduler/api/run-reader.ts'
import { createForecastQueue } from '../../scheduler/forecasts/forecast-queue.ts'
import { createMissionService } from '../../scheduler/missions/mission-service.ts'
import { createMetrics } from '../../scheduler/process/metrics.ts'
import { missionsReadiness, plannerReadiness, redisReadiness } from '../../scheduler/process/readiness-checks.ts'
import { cancelMetrics, collectBacklog } from '../../scheduler/process/run-metrics.ts'
import { createRunQueue } from '../../scheduler/queue/queue.ts'
import type { PoolName } from '../../scheduler/queue/queue-size.ts'
import { connectRedis } from '../../scheduler/redis/redis.ts'
import { createRunService } from '../../scheduler/runs/run-service.ts'
import { createScheduleService } from '../../scheduler/schedules/service.ts'
import { readHeartbeats } from '../../scheduler/store/heartbeats.ts'
import { createInstallation } from '../../scheduler/store/installation.ts'
import { createHealthStore } from '../../scheduler/store/missions/health-store.ts'
import { createMarksStore } from '../../scheduler/store/missions/marks-store.ts'
import { createMissionStore } from '../../scheduler/store/missions/mission-store.ts'
import { createCancelStore } from '../../scheduler/store/ticks/cancel-store.ts'
import { createRunLogStore } from '../../scheduler/store/ticks/run-log-store.ts'
import { createRunStore } from '../../scheduler/store/ticks/run-store.ts'
import { keys } from '../../scheduler/store/ticks/schedule-keys.ts'
import { createScheduleStore } from '../../scheduler/store/ticks/schedule-store.ts'
import { createTickStore } from '../../scheduler/store/ticks/tick-store.ts'
import { createForecastCache } from '../../tasks/cache/forecast-cache.ts'
import { fakeApi } from '../fakes/fake-api.ts'
import { realRedis } from './real-redis.ts'

const real = realRedis({ durable: true })
const clock = { now: Date.now }

/** The application over its real stores. */
async function start() {
  const connections = await connectRedis({ url: real.url }, { onError: () => undefined })
  const redis = connections.control
  const queue = createRunQueue({ redis, clock })
  const missions = createMissionService({
    missions: createMissionStore(redis),
    marks: createMarksStore(redis),
    health: createHealthStore(redis),
    schedules: createScheduleStore(redis),
    cache: createForecastCache({ redis, now: clock.now }),
    checkQuery: async () => ({ isEmpty: false }),
    takesOldSamples: async () => true,
    settings: {
      datasource: () => ({ name: 'main', kind: 'auto', evalDelayMs: 30_000, maxSeries: 100, futureWrites: 'auto' }),
      defaults: { model: 'seasonal-naive', fallback: 'seasonal-naive', maxSeries: 100 },
      models: ['seasonal-naive'],
    },
    ...{ queue, clock },
  })
  const runs = createRunStore(redis)
  const ticks = createTickStore(redis)
  const metrics = createMetrics()
  const installation = createInstallation(redis)
  const forecasts = createForecastQueue({ redis, clock: { now: Date.now }, onError: () => undefined })
  const size = (pool: PoolName) => (pool === 'forecast-once' ? forecasts.size() : queue.size(pool))
  collectBacklog(metrics, size, redis)
  const schedules = createScheduleStore(redis)
  const app = await fakeApi({
    schedules: createScheduleService({ schedules, ticks, queue, clock }),
    ...{ missions, ticks, runs: runReader(runs), metrics, now: clock.now },
    runService: createRunService({
      ...{ runs, ticks, queue, clock, metrics: cancelMetrics(metrics), schedules },
      ...{ logs: createRunLogStore(redis), cancels: createCancelStore(redis) },
    }),
    fleet: { processes: () => readHeartbeats(redis, clock), queue: size },
    readiness: [
      redisReadiness('redis', redis),
      plannerReadiness({ redis, schedules: createScheduleStore(redis), clock }),
      missionsReadiness(installation),
    ],
  })
  onTestFinished(async () => {
    await app.close()
    await queue.close()
    await forecasts.close()
    await connections.close()
  })
  return { app, runs, ticks, redis, installation, forecasts }
}

test('a mission from its registration to its end', async () => {
  const { app, forecasts } = await start()
  const url = '/api/v1/missions/cpu'
  const put = (payload: object, headers = {}) => app.inject({ method: 'PUT', url, payload, headers })
  expect((await put({ query: 'up' }, { 'if-none-match': '*' })).statusCode).toBe(201)
  expect((await put({ query: 'up' })).json()).toMatchObject({ outcome: 'unchanged', generation: 1 })
  expect((await put({ query: 'up' }, { 'if-none-match': '*' })).statusCode).toBe(412)
  expect((await put({ query: 'up', notes: 'x' }, { 'if-match': '"1"' })).headers.etag).toBe('"2"')
  expect((await put({ query: 'up' }, { 'if-match': '"1"' })).json()).toMatchObject({ code: 'PRECONDITION_FAILED' })
  expect((await put({ query: 'up', model: 'crystal-ball' })).json()).toMatchObject({
    ...{ code: 'INVALID_PARAMS', errors: [{ pointer: '/model', detail: expect.stringContaining('seasonal-naive') }] },
  })
  expect((await app.inject(url)).json().status).toMatchObject({ state: 'new', nextDetectAt: expect.any(String) })
  const post = (verb: string, payload: object) => app.inject({ method: 'POST', url: `${url}/${verb}`, payload })
  expect((await post('pause', { reason: 'night' })).json().pause.reason).toBe('night')
  expect((await app.inject(url)).json().status.state).toBe('paused')
  expect((await post('resume', {})).statusCode).toBe(200)
  expect((await post('trigger', { flow: 'detect' })).json().runId).toMatch(/^f\.default\.cpu\./)
  await forecasts.add({ tenant: 'default', id: 'a', kind: 'job' })
  const { queues } = (await app.inject('/api/v1/status')).json()
  expect([queues.detect.waiting, queues.forecastOnce.waiting, queues.forecastOnce.active]).toEqual([1, 1, 0])
  const scraped = (await app.inject('/metrics')).body
  for (const pool of ['detect', 'forecast-once'])
    expect(scraped).toContain(`anomaly_times_queue_jobs{pool="${pool}",state="waiting"} 1`)
  expect(scraped).toContain('anomaly_times_schedules{state="active"} 2')
  expect((await app.inject({ method: 'DELETE', url })).statusCode).toBe(204)
  expect((await app.inject(url)).statusCode).toBe(404)
})

test('pages of missions, runs by state and the ticks of a schedule', async () => {
  const { app, runs, ticks } = await start()
  for (const id of ['a', 'b', 'c']) {
    await app.inject({ method: 'PUT', url: `/api/v1/missions/${id}`, payload: { query: 'up' } })
  }
  const first = (await app.inject('/api/v1/missions?limit=2')).json()
  const second = (await app.inject(`/api/v1/missions?limit=2&cursor=${encodeURIComponent(first.cursor)}`)).json()
  expect([...first.missions, ...second.missions].map(({ id }) => id)).toEqual(['a', 'b', 'c'])
  expect((await app.inject('/api/v1/missions?cursor=%00')).statusCode).toBeLessThan(500)

  const run = { kind: 'tick', flow: 'forecast', tenant: 'default', mission: 'a', attempt: 1, worker: 'w' } as const
  await runs.put({ ...run, runId: 'r.1', nominalMs: 1, state: 'failed', startedMs: Date.now() - 2_000 })
  await runs.put({ ...run, runId: 'r.2', nominalMs: 2, state: 'succeeded', startedMs: Date.now() - 1_000 })
  await runs.put({ ...run, runId: 'r.3', nominalMs: 3, state: 'failed', startedMs: Date.now() })
  const listed = async (query: string) =>
    (await app.inject(`/api/v1/runs?${query}`)).json().runs.map(({ runId }: { runId: string }) => runId)
  expect(await listed('mission=a')).toEqual(['r.3', 'r.2', 'r.1'])
  expect(await listed('state=failed&flow=forecast')).toEqual(['r.3', 'r.1'])
  expect((await app.inject('/api/v1/runs/r.2')).json().state).toBe('succeeded')

  const nominalMs = Math.floor(Date.now() / 60_000) * 60_000
  const schedule = { tenant: 'default', id: 'a.detect', flow: 'detect' } as const
  await ticks.record(schedule, { nominalMs, outcome: 'missed', reason: 'run_lost', lagMs: 90 })
  expect((await app.inject('/api/v1/schedules/a.detect/ticks')).json().ticks).toEqual([
    expect.objectContaining({ nominal: new Date(nominalMs).toISOString(), outcome: 'missed', reason: 'run_lost' }),
  ])
})

test('ready once a replica plans and Redis is filled; without Redis a clear 503, and back again by itself', async () => {
  const { app, redis, installation } = await start()
  expect((await app.inject('/readyz')).json().checks).toMatchObject([
    { name: 'redis', ok: true },
    { name: 'planner', ok: false, detail: 'no replica has planned in the last minute' },
    { name: 'refill', ok: false, detail: 'Redis is being filled: its leader logs what keeps it' },
  ])
  await redis.set(keys.heartbeat, `${Date.now() - 60_000} replica-1`)
  expect((await app.inject('/readyz')).json().checks[1].detail).toBe('replica-1 has not planned for 60 s')
  await redis.set(keys.heartbeat, `${Date.now()} replica-1`)
  expect((await app.inject('/readyz')).statusCode).toBe(503)
  await installation.found('here')
  expect((await app.inject('/readyz')).statusCode).toBe(200)

  const back = new Promise((resolve) => redis.once('ready', resolve))
  const restarted = real.restart(500)
  await expect
    .poll(async () => (await app.inject('/api/v1/missions')).json().code, { interval: 20 })
    .toBe('REDIS_UNAVAILABLE')
  expect((await app.inject('/readyz')).statusCode).toBe(503)
  await restarted
  await back
  expect((await app.inject('/api/v1/missions')).statusCode).toBe(200)
})
