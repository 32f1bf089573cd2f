import { describe, expect, test } from 'vitest'
import type { ForecastContext } from '../../flows/contexts.ts'
import { contextRange, forecast } from '../../flows/forecast.ts'
import { AppError } from '../../models/errors.ts'
import { identifySeries } from '../../models/series.ts'
import { context, drawn, filled, hourMs, minuteMs, mission, params, stepMs, T, world } from '../fakes/forecast-world.ts'

describe('a run at T', () => {
  test('reads the context up to the last complete step, at its step', async () => {
    const { deps } = world()
    await forecast.run(deps, params, context(T))
    expect(deps.store.queries).toEqual([
      {
        query: 'cpu',
        ...{ startMs: T - 288 * stepMs, endMs: T - stepMs, stepMs, maxSeries: 20_000, allowOutputs: false },
      },
    ])
    expect(contextRange({ ...params, evalDelayMs: 0 }, T).untilMs).toBe(T)
  })

  test('writes the steps that it owns and no others, for every series', async () => {
    const { deps } = world()
    const result = await forecast.run(deps, params, context(T))
    expect(drawn(deps)).toEqual({ a: filled(3, 14, 10), b: filled(3, 14, 10) })
    expect(Object.keys(drawn(deps, 'anomaly_lower').a ?? {})).toHaveLength(12)
    expect(deps.store.samples('anomaly_upper')[0]?.labels).toEqual({
      ...{ __name__: 'anomaly_upper', host: 'a', metric: 'cpu', mission: 'm' },
    })
    expect(result).toMatchObject({ read: 2, forecast: 2, skipped: [], samplesWritten: 72, samplesDropped: 0 })
    expect(result.publishedSteps).toEqual(context(T).owned)
    expect(Object.keys(result.seconds)).toEqual(['read', 'forecast', 'keep', 'write'])
  })

  test('keeps the whole horizon, from the last complete step on', async () => {
    const { deps } = world()
    await forecast.run(deps, params, context(T, { runNonce: 'n1' }))
    const [meta] = await deps.cache.list(mission)
    expect(meta).toEqual({
      ...{ bandKey: 'k1', nominalMs: T, kind: 'run', nonce: 'n1', scopeKey: 'scope', model: 'flat' },
      ...{ startMs: T, stepMs, horizon: 64, seriesCount: 2, owned: context(T).owned, published: context(T).owned },
      keepUntilMs: T + 63 * stepMs + hourMs,
    })
    expect(deps.cache.kept[0]?.steps).toHaveLength(64)
  })

  test('forecasts as far as it owns', async () => {
    const { deps } = world()
    const owned = { fromMs: T + 10 * minuteMs, untilMs: T + 10 * hourMs }
    await forecast.run(deps, params, context(T, { owned }))
    expect(drawn(deps).a).toEqual(filled(3, 120, 10))
  })

  test('skips series with a reason, without failing', async () => {
    const { deps } = world({ hosts: ['a'] })
    deps.store.load('cpu{host="new"} 1x8', { startMs: T - 9 * stepMs, stepMs })
    const { forecast: count, skipped, payload } = await forecast.run(deps, params, context(T))
    expect({ count, skipped }).toEqual({
      count: 1,
      skipped: [{ labels: { host: 'new', metric: 'cpu', mission: 'm' }, reason: 'too_few_points' }],
    })
    expect([...(await deps.cache.skipped(mission, payload as never)).values()]).toEqual([
      { reason: 'too_few_points', points: 9 },
    ])
  })

  test('an empty panel succeeds and is complete, published and without samples', async () => {
    const { deps } = world({ hosts: [] })
    const result = await forecast.run(deps, params, context(T))
    expect(result).toMatchObject({ read: 0, forecast: 0, samplesWritten: 0 })
    expect(await deps.cache.list(mission)).toMatchObject([{ seriesCount: 0, published: context(T).owned }])
    expect(deps.marks.claims).toEqual([])
  })

  test('two series that would be written as one are an error, and neither is written', async () => {
    const { deps } = world()
    deps.store.generate({ __name__: 'cpu', host: 'c', mission: 'x' }, () => 1)
    deps.store.generate({ __name__: 'cpu', host: 'c', exported_mission: 'x' }, () => 1)
    await expect(forecast.run(deps, params, context(T))).rejects.toMatchObject({ code: 'LABEL_COLLISION' })
    expect([deps.cache.kept, deps.store.sent()]).toEqual([[], 0])
  })

  test('a missing model is replaced by the fall-back, and the result says so', async () => {
    const { deps } = world()
    const result = await forecast.run(deps, { ...params, model: 'chronos' }, context(T))
    expect(result).toMatchObject({ fallback: 'fallback:MODEL_UNKNOWN', payload: { model: 'flat' }, samplesWritten: 72 })
    expect(deps.metrics.fallbacks).toEqual([{ reason: 'MODEL_UNKNOWN', seriesCount: 2 }])
  })

  test('an error of the store is the error of the run', async () => {
    const { deps } = world()
    deps.store.failReads(new AppError('QUERY_REJECTED', 'unexpected )'))
    await expect(forecast.run(deps, params, context(T))).rejects.toMatchObject({ code: 'QUERY_REJECTED' })
  })

  test('10,000 series are one payload, each with its steps', async () => {
    const hosts = Array.from({ length: 10_000 }, (_, i) => `h${i}`)
    const { deps, flat } = world({ hosts })
    const result = await forecast.run(deps, { ...params, context: 12 }, context(T))
    expect(result).toMatchObject({ read: 10_000, forecast: 10_000, samplesWritten: 360_000 })
    expect(deps.cache.kept[0]?.steps[63]?.pred).toHaveLength(10_000)
    expect(flat.requests.length).toBeGreaterThan(30)
  })

  test('a cancelled run writes nothing', async () => {
    const { deps } = world()
    const reason = new AppError('RUN_CANCELLED', 'deleted')
    await expect(forecast.run({ ...deps, signal: AbortSignal.abort(reason) }, params, context(T))).rejects.toBe(reason)
    expect([deps.cache.kept, deps.store.sent()]).toEqual([[], 0])
  })
})

describe('what a run may be told', () => {
  test('on a deferred datasource it keeps and writes nothing, and claims nothing', async () => {
    const { deps } = world({ futureWrites: false })
    const result = await forecast.run(deps, params, context(T))
    expect(result).toMatchObject({ forecast: 2, publishedSteps: undefined, samplesWritten: 0 })
    expect([deps.cache.kept.length, deps.store.sent(), deps.marks.claims.length]).toEqual([1, 0, 0])
  })

  test('to finish what an older band began, and compute nothing', async () => {
    const { deps, flat } = world()
    expect(await forecast.run(deps, params, context(T, { publishOnly: true }))).toMatchObject({ payload: undefined })
    expect([deps.cache.kept.length, deps.store.queries.length, flat.requests.length]).toEqual([0, 0, 0])
    await forecast.run(deps, params, context(T, { effect: 'keep' }))
    const finished = await forecast.run(deps, params, context(T, { publishOnly: true, recompute: true }))
    expect(finished.samplesWritten).toBe(72)
    expect(flat.requests).toHaveLength(1)
  })

  test('to keep without publishing', async () => {
    const { deps } = world()
    await forecast.run(deps, params, context(T, { effect: 'keep' }))
    expect([deps.cache.kept.length, deps.store.sent(), deps.marks.claims.length]).toEqual([1, 0, 0])
  })

  test('to do nothing but compute', async () => {
    const { deps, flat } = world()
    await forecast.run(deps, params, context(T))
    const result = await forecast.run(deps, params, context(T, { effect: 'none' }))
    expect(result).toMatchObject({ read: 2, forecast: 2, samplesWritten: 0, payload: { seriesCount: 2 } })
    expect([deps.cache.kept.length, deps.store.sent(), flat.requests.length]).toEqual([1, 72, 2])
  })

  test('to own nothing: it keeps for scores', async () => {
    const { deps } = world()
    const result = await forecast.run(deps, params, context(T, { owned: { fromMs: 0, untilMs: 0 } }))
    expect(result.publishedSteps).toBeUndefined()
    expect([deps.cache.kept.length, deps.store.sent()]).toEqual([1, 0])
  })
})

describe('a join', () => {
  const [joined] = identifySeries([{ labels: { __name__: 'cpu', host: 'c' } }], mission)
  const J = T + 35 * minuteMs
  const join = (more: Partial<ForecastContext> = {}) =>
    context(J, {
      ...{ kind: 'join', onlyIds: [joined?.id ?? ''], owned: { fromMs: J, untilMs: T + 70 * minuteMs } },
      ...more,
    })

  test('forecasts its series only, from the present step to the next boundary', async () => {
    const { deps, addHost } = world()
    await forecast.run(deps, params, context(T))
    addHost('c')
    const result = await forecast.run(deps, params, join())
    expect(result).toMatchObject({ read: 3, forecast: 1, samplesWritten: 21, payload: { kind: 'join', startMs: J } })
    expect(drawn(deps)).toEqual({ a: filled(3, 14, 10), b: filled(3, 14, 10), c: filled(8, 14, 10) })
    expect((await deps.cache.list(mission)).map(({ kind }) => kind)).toEqual(['join', 'run'])
  })

  test('beside a run of the same T is another payload', async () => {
    const { deps, addHost } = world()
    addHost('c')
    await forecast.run(deps, params, context(J))
    expect(await forecast.run(deps, params, join())).toMatchObject({ forecast: 1 })
  })

  test('of a series without enough points says so', async () => {
    const { deps } = world()
    deps.store.load('cpu{host="c"} 1x3', { startMs: J - 4 * stepMs, stepMs })
    expect(await forecast.run(deps, params, join())).toMatchObject({
      forecast: 0,
      skipped: [{ labels: { host: 'c' }, reason: 'too_few_points' }],
    })
  })
})
