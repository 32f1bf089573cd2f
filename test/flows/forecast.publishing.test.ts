import { describe, expect, test } from 'vitest'
import { forecast } from '../../flows/forecast.ts'
import { AppError } from '../../models/errors.ts'
import { context, drawn, filled, hourMs, minuteMs, mission, params, T, world } from '../fakes/forecast-world.ts'

describe('a retry', () => {
  test.each([
    { name: 'killed between keep and publish', samples: 0 },
    { name: 'killed in the middle of its write', samples: 31 },
  ])('of a run that was $name computes nothing and sends the same bytes', async ({ samples }) => {
    const { deps, flat, level } = world()
    deps.store.failWriteAfter(samples)
    await expect(forecast.run(deps, params, context(T))).rejects.toMatchObject({ code: 'WRITE_UNAVAILABLE' })
    const [reads, forecasts] = [deps.store.queries.length, flat.requests.length]
    level.value = 99
    const result = await forecast.run(deps, params, context(T))
    expect([deps.store.queries.length, flat.requests.length]).toEqual([reads, forecasts])
    expect(drawn(deps)).toEqual({ a: filled(3, 14, 10), b: filled(3, 14, 10) })
    expect(Object.keys(drawn(deps, 'anomaly_upper').b ?? {})).toHaveLength(12)
    expect(deps.store.conflicts).toEqual([])
    expect(result).toMatchObject({ read: 0, forecast: 0, samplesWritten: 72 })
  })

  test('of a run that could not note its publication sends the same bytes', async () => {
    const { deps } = world()
    deps.cache.failNext('markPublished', new AppError('REDIS_UNAVAILABLE', 'gone'))
    await expect(forecast.run(deps, params, context(T))).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' })
    await forecast.run(deps, params, context(T))
    expect([deps.store.sent(), deps.store.conflicts]).toEqual([144, []])
  })

  test('of a run that did everything does nothing', async () => {
    const { deps } = world()
    await forecast.run(deps, params, context(T))
    expect(await forecast.run(deps, params, context(T))).toMatchObject({ samplesWritten: 0, read: 0 })
    expect([deps.store.sent(), deps.store.queries.length]).toEqual([72, 1])
  })

  test('of a run that still goes on sends what the quicker one kept', async () => {
    const { deps, level } = world()
    const reader = {
      async queryRange(...asked: Parameters<typeof deps.reader.queryRange>) {
        await forecast.run(deps, params, context(T))
        level.value = 99
        return deps.reader.queryRange(...asked)
      },
    }
    await forecast.run({ ...deps, reader }, params, context(T))
    expect(drawn(deps).a).toEqual(filled(3, 14, 10))
    expect([deps.cache.kept.length, deps.store.conflicts]).toEqual([1, []])
  })

  test('a late run still draws what it owns, though the next one is drawn already', async () => {
    const { deps } = world()
    await forecast.run(deps, params, context(T + hourMs))
    await forecast.run(deps, params, context(T))
    expect(drawn(deps).a).toEqual(filled(3, 26, 10))
  })

  test('a T that owns more after an edit of its schedule draws the rest', async () => {
    const { deps } = world()
    await forecast.run(deps, params, context(T))
    const owned = { fromMs: T + 70 * minuteMs, untilMs: T + 130 * minuteMs }
    await forecast.run(deps, params, context(T, { owned }))
    expect(drawn(deps).a).toEqual(filled(3, 26, 10))
    const published = { fromMs: T + 10 * minuteMs, untilMs: T + 130 * minuteMs }
    expect(await deps.cache.list(mission)).toMatchObject([{ published }])
  })
})

describe('what is drawn stays', () => {
  test('after an edit, until the next step that nobody has drawn', async () => {
    const { deps, level, addHost } = world()
    await forecast.run(deps, params, context(T))
    level.value = 20
    addHost('c')
    const edited = { ...params, bandKey: 'k2' }
    await forecast.run(deps, edited, context(T))
    await forecast.run(deps, edited, context(T + hourMs))
    const both = { ...filled(3, 14, 10), ...filled(15, 26, 20) }
    expect(drawn(deps)).toEqual({ a: both, b: both, c: filled(3, 26, 20) })
    expect(deps.store.conflicts).toEqual([])
    expect((await deps.cache.list(mission)).map(({ bandKey }) => bandKey)).toEqual(['k2', 'k1', 'k2'])
  })

  test('an older band that has not begun to draw its steps leaves them to the band in force', async () => {
    const { deps, level } = world()
    await forecast.run(deps, params, context(T))
    await forecast.run(deps, params, context(T + hourMs, { effect: 'keep' }))
    level.value = 20
    await forecast.run(deps, { ...params, bandKey: 'k2' }, context(T + hourMs))
    const late = await forecast.run(deps, params, context(T + hourMs, { publishOnly: true }))
    expect(late).toMatchObject({ samplesWritten: 0, publishedSteps: undefined })
    expect(late.payload?.published).toBeUndefined()
    expect(drawn(deps).a).toEqual({ ...filled(3, 14, 10), ...filled(15, 26, 20) })
  })

  test('after a trigger, while scores use what it computed', async () => {
    const { deps, level, flat } = world()
    await forecast.run(deps, params, context(T))
    level.value = 20
    await forecast.run(deps, params, context(T, { recompute: true, runId: 'f.1', runNonce: 'f.1.1.x' }))
    expect(drawn(deps)).toEqual({ a: filled(3, 14, 10), b: filled(3, 14, 10) })
    const [meta] = await deps.cache.list(mission)
    expect((await deps.cache.bands(mission, meta as never, [T])).get(T)?.pred[0]).toBe(20)
    // its retry finds what it made
    await forecast.run(deps, params, context(T, { recompute: true, runId: 'f.1', runNonce: 'f.1.2.y' }))
    expect(flat.requests).toHaveLength(2)
    // the next trigger does not
    await forecast.run(deps, params, context(T, { recompute: true, runId: 'f.2', runNonce: 'f.2.1.z' }))
    expect(flat.requests).toHaveLength(3)
    expect(deps.store.conflicts).toEqual([])
  })

  test('after a trigger that comes before the store shows what is drawn', async () => {
    const { deps, level } = world()
    await forecast.run(deps, params, context(T))
    level.value = 20
    const reader = {
      queryRange: async (...asked: Parameters<typeof deps.reader.queryRange>) => {
        const panel = await deps.reader.queryRange(...asked)
        return asked[0].query === 'cpu' ? panel : { ...panel, series: [] }
      },
    }
    await forecast.run({ ...deps, reader }, params, context(T, { recompute: true }))
    expect(deps.store.conflicts).toEqual([])
  })

  test('after Redis was emptied, as far as the store has it; what it lacks is drawn', async () => {
    const { deps, level, addHost } = world()
    await forecast.run(deps, params, context(T))
    deps.cache.flush()
    deps.marks.restore(mission, T + 70 * minuteMs)
    level.value = 20
    addHost('c')
    await forecast.run(deps, params, context(T))
    expect(drawn(deps)).toEqual({ a: filled(3, 14, 10), b: filled(3, 14, 10), c: filled(3, 14, 20) })
    expect(deps.store.conflicts).toEqual([])
  })

  test.each([0, 5, 12, 24, 29, 35])(
    'when drawing for a series that lacks it breaks off after %i samples, the retry completes it',
    async (samples) => {
      const { deps, addHost } = world()
      await forecast.run(deps, params, context(T))
      addHost('c')
      deps.store.failWriteAfter(samples)
      const edited = { ...params, bandKey: 'k2' }
      await expect(forecast.run(deps, edited, context(T))).rejects.toThrow()
      await forecast.run(deps, edited, context(T))
      for (const metric of ['anomaly_pred', 'anomaly_lower', 'anomaly_upper']) {
        expect(Object.keys(drawn(deps, metric).c ?? {})).toHaveLength(12)
      }
      expect(deps.store.conflicts).toEqual([])
    },
  )

  test('a store that cannot be read means keep, not publish', async () => {
    const { deps, addHost } = world()
    await forecast.run(deps, params, context(T))
    deps.cache.flush()
    deps.marks.restore(mission, T + 40 * minuteMs)
    addHost('c')
    deps.store.failReads(new AppError('QUERY_REJECTED', 'strange'), /anomaly_pred/)
    await expect(forecast.run(deps, params, context(T))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect([deps.cache.kept.length, deps.store.sent()]).toEqual([2, 72])
    deps.store.failReads(undefined)
    await forecast.run(deps, params, context(T))
    expect(drawn(deps)).toMatchObject({ c: filled(3, 14, 10) })
  })
})
