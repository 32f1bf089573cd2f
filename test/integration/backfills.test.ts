import { describe, expect, test, vi } from 'vitest'
import { AppError } from '../../models/errors.ts'
import { advanceBackfill } from '../../scheduler/backfills/advance.ts'
import { runIds } from '../../scheduler/queue/runs.ts'
import { backfillStage, hour, time } from './backfill-stage.ts'
import { realRedis } from './real-redis.ts'

const real = realRedis()
const { stage, scene } = backfillStage(real)
/** T of 6 to 9 o'clock: each owns the steps from ten past the hour to ten past the next. */
const morning = { id: 'morning', mission: 'cpu', flow: 'forecast', from: time(-5.5), to: time(-2) }
const put = (fields: object = {}) => stage.put({ datasource: 'vm', ...fields })

describe('what is asked for', () => {
  test('is created once, listed, shown and deleted when it is over', async () => {
    const { call } = await scene()
    await put()
    const created = await call('POST', '', morning)
    expect(created).toMatchObject({ status: 201, body: { outcome: 'created', id: 'morning', state: 'running' } })
    expect(created.body).toMatchObject({ order: 'newest', reprocess: 'failed', maxActive: 2 })
    expect(created.body.progress).toEqual({ total: 4, done: 0, failed: 0, skipped: 0, active: 0, left: 4 })
    expect(await call('POST', '', morning)).toMatchObject({ status: 200, body: { outcome: 'unchanged' } })
    expect(await call('POST', '', { ...morning, maxActive: 3 })).toMatchObject({ status: 409 })
    expect((await call('GET')).body.backfills).toMatchObject([{ id: 'morning', createdBy: 'anonymous' }])
    expect((await call('GET', '/morning')).body.parts).toMatchObject([{ mission: 'cpu', to: time(-2), total: 4 }])
    expect(await call('DELETE', '/morning')).toMatchObject({ status: 409 })
    expect((await call('POST', '/morning/cancel')).body.state).toBe('cancelled')
    expect(await call('POST', '/morning/resume')).toMatchObject({ status: 409 })
    expect(await call('DELETE', '/morning')).toMatchObject({ status: 204 })
    expect(await call('GET', '/morning')).toMatchObject({ status: 404 })
  })

  test('a page begins after the one before, whatever came or went meanwhile', async () => {
    const { call } = await scene()
    await put()
    const create = (id: string) => call('POST', '', { ...morning, id })
    const ids = (body: { backfills: { id: string }[] }) => body.backfills.map(({ id }) => id)
    for (const id of ['a', 'b', 'c', 'd']) await create(id)
    const { body: first } = await call('GET', '?limit=2')
    expect(ids(first)).toEqual(['d', 'c'])
    stage.nowMs += 60_000
    await create('e')
    await call('POST', '/d/cancel')
    await call('DELETE', '/d')
    const { body: rest } = await call('GET', `?limit=2&cursor=${first.cursor}`)
    expect([ids(rest), rest.cursor]).toEqual([['b', 'a'], undefined])
    expect(await call('GET', '?cursor=x')).toMatchObject({ status: 422, body: { errors: [{ pointer: '/cursor' }] } })
  })

  test('an id whose stored document cannot be read is taken', async () => {
    const { call } = await scene()
    await put()
    await real.redis.hset('{at}:bf:default:morning', 'document', '{"version":9}', 'revision', 3)
    const { status, body } = await call('POST', '', morning)
    expect([status, body.detail]).toEqual([409, expect.stringContaining('that this release cannot read')])
  })

  test('a dry run tells how much it would be and stores nothing', async () => {
    const { call } = await scene()
    await put()
    const measure = async (fields: object) =>
      (await call('POST', '', { ...morning, ...fields, dryRun: true })).body.dryRun
    expect(await measure({})).toEqual({ missions: 1, ticks: 4, forecasts: 4, chunks: 0, steps: 42 })
    expect(await measure({ flow: 'both' })).toEqual({ missions: 1, ticks: 4, forecasts: 4, chunks: 4, steps: 210 })
    expect(await measure({ maxForecasts: 2 })).toMatchObject({ ticks: 4, forecasts: 2, steps: 22 })
    expect(await measure({ flow: 'detect' })).toEqual({ missions: 1, ticks: 0, forecasts: 0, chunks: 5, steps: 210 })
    expect(await measure({ flow: 'detect', chunk: '1h' })).toMatchObject({ chunks: 4 })
    expect((await call('GET')).body.backfills).toEqual([])
  })

  test.each([
    { fields: { to: time(1) }, field: '/to', says: 'lies in the future' },
    { fields: { to: time(-6) }, field: '/to', says: 'does not lie after from' },
    { fields: { mission: 'mem' }, field: '/mission', says: 'no mission "mem"' },
    { fields: { labels: 'team=sre' }, field: '/mission', says: 'give mission or labels' },
    { fields: { mission: undefined, labels: 'team' }, field: '/labels', says: 'write team=sre' },
    { fields: { mission: undefined, labels: 'team=sre' }, field: '/labels', says: 'no mission bears team=sre' },
    { fields: { chunk: '1h' }, field: '/chunk', says: 'goes with flow detect' },
    { fields: { flow: 'detect', maxForecasts: 3 }, field: '/maxForecasts', says: 'makes none' },
    { fields: { mission: 'prom' }, field: '/from', says: 'datasource prom of mission prom takes no old samples' },
    { fields: { mission: 'window' }, field: '/from', says: 'takes samples from 2026-11-24T10:20:00.000Z on' },
    { fields: { mission: 'window', from: time(-1), to: time(0) }, field: '/flow', says: 'use both' },
    { fields: { flow: 'evaluate' }, field: '/flow', says: 'forecast' },
  ])('$fields is refused at $field', async ({ fields, field, says }) => {
    const { call } = await scene()
    await put()
    await stage.put({ id: 'prom', datasource: 'prom' })
    await stage.put({ id: 'window', datasource: 'any' })
    const { status, body } = await call('POST', '', { ...morning, ...fields })
    expect([status, body.errors[0].pointer]).toEqual([422, field])
    expect(`${body.detail} ${body.errors[0].detail}`).toContain(says)
  })

  test('computing everything again is not supported yet', async () => {
    const { call } = await scene()
    await put()
    expect(await call('POST', '', { ...morning, reprocess: 'all' })).toMatchObject({
      ...{ status: 501, body: { code: 'UNSUPPORTED', errors: [{ pointer: '/reprocess' }] } },
    })
  })

  test('of several missions those that do not fit end at once with the reason', async () => {
    const { call } = await scene()
    await put({ labels: { team: 'sre' } })
    await stage.put({ id: 'prom', datasource: 'prom', labels: { team: 'sre' } })
    await stage.put({ id: 'other', datasource: 'vm' })
    const { body } = await call('POST', '', { ...morning, mission: undefined, labels: 'team=sre' })
    expect(body.parts).toMatchObject([
      { mission: 'cpu', total: 4 },
      { mission: 'prom', total: 0, ended: expect.stringContaining('takes no old samples') },
    ])
  })
})

describe('the driver', () => {
  test.each([
    { order: 'newest', ran: [-3, -4, -5, -6] },
    { order: 'oldest', ran: [-6, -5, -4, -3] },
  ])('hands out every T once, $order first', async ({ order, ran: expected }) => {
    const { call, work, toTheEnd } = await scene()
    await put()
    const ran = work()
    await call('POST', '', { ...morning, order, maxActive: 1 })
    expect(await toTheEnd('morning')).toMatchObject({ state: 'finished', done: 4, failed: 0, skipped: {} })
    expect(ran).toEqual(expected.map((T) => `forecast cpu ${T}`))
  })

  test('forecasts a T and then scores the steps that it owns', async () => {
    const { call, work, toTheEnd } = await scene()
    await put()
    const windows: unknown[] = []
    const ran = work(async (job) => {
      if (job.flow === 'detect') windows.push(job.backfill?.window)
      return { scored: 1 }
    })
    await call('POST', '', { ...morning, flow: 'both', maxActive: 1, from: time(-4), to: time(-2.5) })
    expect(await toTheEnd('morning')).toMatchObject({ state: 'finished', done: 3 })
    expect(ran).toEqual([-3, -4, -5].flatMap((T) => [`forecast cpu ${T}`, `detect cpu ${T}`]))
    const minutes = 60_000
    expect(windows).toEqual([
      { fromMs: hour(-3) + 10 * minutes, untilMs: hour(-2.5) },
      { fromMs: hour(-4) + 10 * minutes, untilMs: hour(-3) + 10 * minutes },
      { fromMs: hour(-4), untilMs: hour(-4) + 10 * minutes },
    ])
  })

  test('lets a live run go first on a worker with one place', async () => {
    const { call, work, advance, queue, toTheEnd } = await scene()
    await put()
    await call('POST', '', { ...morning, maxActive: 4 })
    await advance('morning')
    const runId = runIds.tick('default', 'cpu.forecast', hour(0))
    const job = {
      runId,
      kind: 'tick',
      flow: 'forecast',
      tenant: 'default',
      mission: 'cpu',
      nominalMs: hour(0),
    } as const
    await queue.enqueue([
      { job: { ...job, bandKey: 'b', enqueuedMs: hour(0), scheduleId: 'cpu.forecast' }, priority: 10 },
    ])
    const ran = work(undefined, 1)
    await toTheEnd('morning')
    expect(ran).toEqual(['tick forecast cpu 0', ...[-3, -4, -5, -6].map((T) => `forecast cpu ${T}`)])
  })

  test('has a mission to itself, until the store shows what it wrote', async () => {
    const { call, work, get, advance, toTheEnd } = await scene()
    await put()
    await stage.put({ id: 'mem', datasource: 'vm' })
    const ids = ['morning', 'again']
    for (const id of ids) await call('POST', '', { ...morning, id })
    await call('POST', '', { ...morning, id: 'other', mission: 'mem' })
    await Promise.all([...ids, 'other'].map(advance))
    const [first = '', second = ''] = (await get('again')).active.length > 0 ? ids.toReversed() : ids
    expect((await get(first)).active).toHaveLength(2)
    expect((await get(second)).active).toEqual([])
    expect((await get('other')).active).toHaveLength(2)
    work()
    expect(await toTheEnd(first)).toMatchObject({ state: 'finished', done: 4 })
    await advance(second)
    expect(await get(second)).toMatchObject({ state: 'running', active: [], done: 0 })
    expect(await real.redis.pttl('{at}:bfhold:default:cpu')).toBeGreaterThan(10_000)
    // as after that time
    await real.redis.del('{at}:bfhold:default:cpu')
    expect(await toTheEnd(second)).toMatchObject({ state: 'finished' })
  })

  test('has at most maxActive runs in the queue', async () => {
    const { call, advance, queue, get } = await scene()
    await put()
    await call('POST', '', morning)
    for (let i = 0; i < 3; i++) await advance('morning')
    expect(await queue.size('forecast')).toMatchObject({ waiting: 2 })
    expect((await get('morning')).active).toHaveLength(2)
  })

  test('goes on after a crash at any point without losing or doubling a T', async () => {
    const { call, work, deps, get, toTheEnd } = await scene()
    await put()
    const ran = work(undefined, 1)
    await call('POST', '', morning)
    const dies = async (): Promise<never> => {
      throw new Error('killed')
    }
    // before anything is enqueued, and when all is, but the answer is lost
    await expect(
      advanceBackfill({ ...deps, queue: { ...deps.queue, enqueue: dies } }, await get('morning')),
    ).rejects.toThrow()
    const halfDead: typeof deps.queue.enqueue = async (requests) => {
      await deps.queue.enqueue(requests)
      return dies()
    }
    await expect(
      advanceBackfill({ ...deps, queue: { ...deps.queue, enqueue: halfDead } }, await get('morning')),
    ).rejects.toThrow()
    expect(await toTheEnd('morning')).toMatchObject({ state: 'finished', done: 4 })
    expect(ran.toSorted()).toEqual([-3, -4, -5, -6].map((T) => `forecast cpu ${T}`))
  })

  test('of two leaders one decides', async () => {
    const { call, work, deps, get, toTheEnd } = await scene()
    await put()
    const ran = work()
    await call('POST', '', morning)
    const seen = await get('morning')
    const decided = await Promise.all([advanceBackfill(deps, seen), advanceBackfill(deps, seen)])
    expect(decided.filter(Boolean)).toHaveLength(1)
    expect(await toTheEnd('morning')).toMatchObject({ done: 4 })
    expect(ran).toHaveLength(4)
  })

  test.each([
    {
      what: 'edited',
      change: () => put({ query: 'up * 2' }),
      reason: 'the mission was edited: its band is another one',
    },
    { what: 'deleted', change: () => stage.service.remove('default', 'cpu', {}), reason: 'the mission was deleted' },
  ])('ends the part of a mission that is $what, with the reason', async ({ change, reason }) => {
    const { call, work, advance, toTheEnd } = await scene()
    await put({ labels: { team: 'sre' } })
    await stage.put({ id: 'mem', datasource: 'vm', labels: { team: 'sre' } })
    await call('POST', '', { ...morning, mission: undefined, labels: 'team=sre', maxActive: 1, order: 'oldest' })
    await advance('morning')
    await change()
    work()
    const over = await toTheEnd('morning')
    expect(over).toMatchObject({ state: 'finished', skipped: { [reason]: 3 }, done: 5 })
    expect(over.parts).toMatchObject([
      { mission: 'cpu', ended: reason },
      { mission: 'mem', handedOut: 4 },
    ])
  })

  test('pauses by itself when run after run fails, and goes on when it is resumed', async () => {
    const { call, work, toTheEnd } = await scene()
    await put()
    let isAway = true
    work(async () => {
      if (isAway) throw new AppError('QUERY_REJECTED', 'parse error')
      return {}
    })
    await call('POST', '', { ...morning, from: time(-30), maxActive: 1 })
    const paused = await toTheEnd('morning')
    expect(paused).toMatchObject({ state: 'paused', failed: 10, pause: { actor: 'anomaly-times' } })
    expect(paused.pause?.reason).toContain(
      '10 runs failed one after the other, the last with QUERY_REJECTED: parse error',
    )
    const { body } = await call('GET', '/morning')
    expect(body.failures).toHaveLength(10)
    expect(body.failures[0]).toMatchObject({ mission: 'cpu', nominal: time(-12), code: 'QUERY_REJECTED' })
    isAway = false
    expect((await call('POST', '/morning/resume')).body.state).toBe('running')
    expect(await toTheEnd('morning')).toMatchObject({ state: 'finished', failed: 10, done: 19 })
  })

  test.each([
    { flow: 'forecast', paused: { done: 2, pending: [] }, cancelled: { done: 4 } },
    { flow: 'detect', paused: { done: 2, pending: [] }, cancelled: { done: 4 } },
    { flow: 'both', paused: { done: 0, pending: [{ stage: 'detect' }, { stage: 'detect' }] }, cancelled: { done: 2 } },
  ])('a pause hands out nothing more; a cancelled one ends with what is in the queue: $flow', async (expected) => {
    const { call, work, advance, get, toTheEnd } = await scene()
    const { flow, paused, cancelled } = expected
    await put()
    await call('POST', '', { ...morning, flow })
    await advance('morning')
    expect((await call('POST', '/morning/pause', { reason: 'release' })).body.pause).toMatchObject({
      reason: 'release',
    })
    const ran = work()
    await vi.waitFor(async () => {
      await advance('morning')
      expect(await get('morning')).toMatchObject({ state: 'paused', active: [], ...paused })
    }, 10_000)
    expect(ran).toHaveLength(2)
    await call('POST', '/morning/resume')
    await advance('morning')
    expect((await call('POST', '/morning/cancel')).body.state).toBe('cancelling')
    expect(await toTheEnd('morning')).toMatchObject({ state: 'cancelled', pending: [], ...cancelled })
    expect(ran).toHaveLength(4)
  })

  test('a cancelled one scores no forecast that ends after that', async () => {
    const { call, work, advance, toTheEnd } = await scene()
    await put()
    await call('POST', '', { ...morning, flow: 'both' })
    await advance('morning')
    await call('POST', '/morning/cancel')
    const ran = work()
    const skipped = { 'the backfill was cancelled': 2 }
    expect(await toTheEnd('morning')).toMatchObject({ state: 'cancelled', done: 0, skipped })
    expect(ran.toSorted()).toEqual(['forecast cpu -3', 'forecast cpu -4'])
  })

  test('a run that was decided and not enqueued waits while it is paused', async () => {
    const { call, work, deps, get, advance, queue, toTheEnd } = await scene()
    await put()
    await call('POST', '', morning)
    const enqueue = async (): Promise<never> => {
      throw new Error('killed')
    }
    await expect(advanceBackfill({ ...deps, queue: { ...queue, enqueue } }, await get('morning'))).rejects.toThrow()
    await call('POST', '/morning/pause')
    await advance('morning')
    expect(await queue.size('forecast')).toMatchObject({ waiting: 0 })
    const ran = work()
    await call('POST', '/morning/resume')
    expect(await toTheEnd('morning')).toMatchObject({ state: 'finished', done: 4 })
    expect(ran).toHaveLength(4)
  })

  test.each([
    {
      reprocess: 'none',
      done: 2,
      skipped: { 'its own run succeeded': 1, 'its own run failed, and reprocess is none': 1 },
    },
    { reprocess: 'failed', done: 3, skipped: { 'its own run succeeded': 1 } },
  ])('what has a result is not computed again; failed ones with reprocess $reprocess: $done', async (expected) => {
    const { call, work, runs, toTheEnd } = await scene()
    await put()
    for (const [T, state] of [
      [-3, 'succeeded'],
      [-4, 'failed'],
    ] as const)
      await runs.put({
        ...{ runId: runIds.tick('default', 'cpu.forecast', hour(T)), kind: 'tick', flow: 'forecast', state },
        ...{ tenant: 'default', mission: 'cpu', nominalMs: hour(T), attempt: 1, worker: 'w', startedMs: hour(T) },
      })
    work()
    const { reprocess, ...outcome } = expected
    await call('POST', '', { ...morning, reprocess })
    expect(await toTheEnd('morning')).toMatchObject({ state: 'finished', ...outcome })
  })

  test('tells how far it is and when it will be done', async () => {
    const { call, work, advance } = await scene()
    await put()
    work()
    await call('POST', '', { ...morning, maxActive: 1 })
    stage.nowMs += 60_000
    await vi.waitFor(async () => {
      await advance('morning')
      const { body } = await call('GET', '/morning')
      expect(body.progress).toMatchObject({ done: 2, endsAt: new Date(stage.nowMs + 60_000).toISOString() })
    }, 10_000)
  })

  test('what falls out of the reach of its store meanwhile is left out', async () => {
    const { call, work, toTheEnd, reaches } = await scene()
    await put()
    work()
    await call('POST', '', morning)
    reaches.vm = 3.5 * 3_600_000
    expect(await toTheEnd('morning')).toMatchObject({
      ...{ state: 'finished', done: 1, skipped: { 'its store takes no samples that old any more': 3 } },
    })
  })
})
