import { beforeEach, describe, expect, test } from 'vitest'
import { detect } from '../../flows/detect.ts'
import { AppError } from '../../models/errors.ts'
import { identifySeries } from '../../models/series.ts'
import { at, cpu, type DetectWorld, detectWorld, mission, params } from '../fakes/detect-world.ts'
import { minute } from '../fakes/fake-payload.ts'

let world: DetectWorld

beforeEach(() => {
  world = detectWorld()
})

const identity = (host: string) => identifySeries([{ labels: cpu(host) }], mission)[0]!

describe('a steady tick', () => {
  beforeEach(async () => {
    await world.keep(10, ['a', 'b'])
    world.live('a', at(10, 30), '10 10.5 14')
    world.live('b', at(10, 30), '10 10 9')
  })

  test('reads its window at the detect step, and nothing else', async () => {
    await world.run(at(10, 32), { steps: 2 })
    expect(world.deps.store.queries).toEqual([
      {
        query: 'cpu',
        ...{ startMs: at(10, 31), endMs: at(10, 32), stepMs: minute, maxSeries: 200_000, allowOutputs: false },
      },
    ])
  })

  test('writes the score of every step under the labels of the series', async () => {
    await world.run(at(10, 32), { steps: 2 })
    expect(world.written('anomaly_score')).toEqual({ a: { 31: 0.5, 32: 1 + Math.log(4) }, b: { 31: 0, 32: 1 } })
    expect(world.deps.store.samples('anomaly_score')[0]?.labels).toEqual({
      ...{ __name__: 'anomaly_score', metric: 'cpu', host: 'a', mission: 'm' },
    })
  })

  test('tells what it did', async () => {
    const result = await world.run(at(10, 32))
    expect(result).toMatchObject({
      ...{ read: 2, scored: 2, missionScore: 1 + Math.log(4), anomalous: 1, forecastAgeMs: 32 * minute, noBand: false },
      ...{ requests: [], newSeries: [], samplesDropped: 0, rejected: [] },
      states: { ok: 2, no_data: 0, learning: 0 },
    })
    expect(result.rows).toEqual([
      {
        ...{ ...identity('a'), state: 'ok', reason: 'above the band' },
        ...{ value: 14, pred: 10, lower: 9, upper: 11, score: 1 + Math.log(4) },
      },
      {
        ...{ ...identity('b'), state: 'ok', reason: 'within the band' },
        ...{ value: 9, pred: 10, lower: 9, upper: 11, score: 1 },
      },
    ])
    expect(Object.keys(result.seconds)).toEqual(['read', 'band', 'score', 'write'])
  })

  test('writes what is known of the mission, zeros included', async () => {
    await world.run(at(10, 32))
    expect(world.written('anomaly_mission_series')).toEqual({
      ...{ ok: { 32: 2 }, learning: { 32: 0 }, no_data: { 32: 0 }, lost: { 32: 0 }, no_forecast: { 32: 0 } },
      ...{
        stale_forecast: { 32: 0 },
        gated: { 32: 0 },
        out_of_range: { 32: 0 },
        masked: { 32: 0 },
        skipped: { 32: 0 },
      },
    })
    expect(world.written('anomaly_mission_score')).toEqual({ '': { 32: 1 + Math.log(4) } })
    expect(world.written('anomaly_mission_forecast_age_seconds')).toEqual({ '': { 32: 32 * 60 } })
  })

  test('a gap is no sample', async () => {
    await world.run(at(10, 34), { steps: 4 })
    expect(world.written('anomaly_score').b).toEqual({ 31: 0, 32: 1 })
  })

  test('a dry run writes nothing and shows every series', async () => {
    for (let i = 0; i < 60; i++) world.live(`x${i}`, at(10, 32), '1')
    const result = await world.run(at(10, 32), { context: { effect: 'none' } })
    expect(world.deps.store.sent()).toBe(0)
    expect(result.rows).toHaveLength(62)
    expect((await world.run(at(10, 32))).rows).toHaveLength(50)
  })

  test('an empty window reads and writes nothing', async () => {
    expect(await world.run(at(10, 32), { steps: 0 })).toMatchObject({ read: 0, scored: 0, noBand: false, requests: [] })
    expect([world.deps.store.queries, world.deps.store.sent()]).toEqual([[], 0])
  })
})

describe('the band', () => {
  test('runs from the last step of one owner to the first of the next', async () => {
    await world.keep(10, ['a'], { pred: () => 10 })
    await world.keep(11, ['a'], { pred: () => 20 })
    world.live('a', at(11, 9), '10x8')
    const result = await world.run(at(11, 16), { steps: 8, context: { effect: 'none' } })
    expect(result.rows[0]).toMatchObject({ pred: 20 })
    world.live('a', at(11, 9), '10 10 12 14 16 18 20 20')
    await world.run(at(11, 16), { steps: 8 })
    for (const score of Object.values(world.written('anomaly_score').a!)) expect(score).toBeCloseTo(0, 6)
  })

  test('is not written where forecast runs write it themselves', async () => {
    await world.keep(10, ['a'])
    world.live('a', at(10, 30), '10')
    await world.run(at(10, 30))
    expect(world.written('anomaly_pred')).toEqual({})
  })

  test('is written at the detect steps for every expected series where they cannot', async () => {
    world = detectWorld({ futureWrites: false })
    await world.keep(10, ['a', 'dead'], { pred: (s, ms) => s + ms / at(10, 0) })
    world.live('a', at(10, 30), '_ 1')
    const result = await world.run(at(10, 31), { steps: 2 })
    const [pred, lower, upper] = ['pred', 'lower', 'upper'].map((part) => world.written(`anomaly_${part}`))
    for (const [m, host, s] of [
      [30, 'a', 0],
      [31, 'a', 0],
      [30, 'dead', 1],
      [31, 'dead', 1],
    ] as const) {
      expect(pred?.[host]?.[m]).toBeCloseTo(s + at(10, m) / at(10, 0), 6)
      expect(lower?.[host]?.[m]).toBeCloseTo(s + at(10, m) / at(10, 0) - 1, 6)
      expect(upper?.[host]?.[m]).toBeCloseTo(s + at(10, m) / at(10, 0) + 1, 6)
    }
    expect(world.written('anomaly_score')).toEqual({ a: { 31: expect.any(Number) } })
    expect(result).toMatchObject({ states: { ok: 1, no_data: 1 }, requests: [] })
  })

  test('of another query never scores', async () => {
    await world.keep(10, ['a'], { scopeKey: 's0' })
    world.live('a', at(10, 30), '10')
    expect(await world.run(at(10, 30))).toMatchObject({ scored: 0, noBand: true, states: { no_forecast: 1 } })
  })

  test('of an older key serves until the one in force is there, which is asked for', async () => {
    await world.keep(10, ['a'], { bandKey: 'k0', pred: () => 8 })
    world.live('a', at(10, 30), '10x2')
    expect(await world.run(at(10, 30))).toMatchObject({ scored: 1, states: { ok: 1 }, requests: [at(10, 0)] })
    await world.keep(10, ['a'])
    expect(await world.run(at(10, 31))).toMatchObject({ missionScore: 0, requests: [] })
  })

  test('catch-up takes no forecast that had seen the steps', async () => {
    await world.keep(11, ['a'])
    world.live('a', at(10, 30), '10x50')
    const result = await world.run(at(11, 9), { steps: 30 })
    // it began to forecast at 11:00
    expect(Object.keys(world.written('anomaly_score').a!).map(Number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(result).toMatchObject({ noBand: false, states: { stale_forecast: 1 } })
  })
})

describe('an owner that is late or lost', () => {
  beforeEach(async () => {
    await world.keep(10, ['a'])
    world.live('a', at(11, 30), '12x2')
  })

  test('an earlier run scores in its stead, and the owner is asked for', async () => {
    expect(await world.run(at(11, 31))).toMatchObject({
      ...{ scored: 1, missionScore: 1 + Math.log(2), requests: [at(11, 0)], forecastAgeMs: 91 * minute },
      states: { stale_forecast: 1, ok: 0 },
      newSeries: [],
    })
  })

  test('a run that is kept but not published is asked for as well', async () => {
    await world.keep(11, ['a'], { published: undefined as never })
    expect(await world.run(at(11, 31))).toMatchObject({ requests: [at(11, 0)], states: { ok: 1 } })
  })

  test('one that has gone since it was listed is asked for', async () => {
    await world.keep(11, ['a'])
    const plan = await world.plan({ fromMs: at(11, 30), untilMs: at(11, 31) })
    world.deps.cache.flush()
    const result = await detect.run(world.deps, params, plan)
    expect(result).toMatchObject({ requests: [at(11, 0)], noBand: true, states: { no_forecast: 1 } })
  })
})

describe('no forecast at all', () => {
  beforeEach(() => {
    world.live('a', at(10, 30), '10x5')
  })

  test('scores nothing, says so and asks for the owner', async () => {
    expect(await world.run(at(10, 31))).toMatchObject({
      ...{ scored: 0, missionScore: Number.NaN, forecastAgeMs: Number.NaN, noBand: true, requests: [at(10, 0)] },
      states: { no_forecast: 1 },
    })
    expect(world.written('anomaly_score')).toEqual({})
    expect(world.written('anomaly_mission_score')).toEqual({})
    expect(world.written('anomaly_mission_series').no_forecast).toEqual({ 31: 1 })
  })

  describe('but a band that is drawn', () => {
    beforeEach(() => {
      for (const [metric, value] of [
        ['pred', 10],
        ['lower', 9],
        ['upper', 11],
      ] as const) {
        const grid = { startMs: at(10, 30), stepMs: 5 * minute }
        world.deps.store.load(`anomaly_${metric}{metric="cpu",host="a",mission="m"} ${value}x1`, grid)
        world.deps.store.load(`anomaly_${metric}{metric="cpu",host="dead",mission="m"} ${value}x1`, grid)
      }
    })

    test('scores, and names what is expected', async () => {
      const result = await world.run(at(10, 31), { context: { storeFallback: true } })
      expect(result).toMatchObject({ scored: 1, missionScore: 0, noBand: false, requests: [at(10, 0)] })
      expect(result.states).toMatchObject({ ok: 1, no_data: 1 })
    })

    test('is left alone where the worker says it is of another query', async () => {
      expect(await world.run(at(10, 31))).toMatchObject({ scored: 0, noBand: true })
    })

    test('is not read where payloads serve', async () => {
      await world.keep(10, ['a'])
      await world.run(at(10, 31), { context: { storeFallback: true } })
      expect(world.deps.store.queries.map(({ query }) => query)).toEqual(['cpu'])
    })
  })
})

describe('series', () => {
  const states = async (options = {}) => {
    const { rows } = await world.run(at(10, 31), { context: { effect: 'none' }, ...options })
    return Object.fromEntries(rows.map(({ labels, state, reason }) => [labels.host, [state, reason]]))
  }

  test('each has its state and reason', async () => {
    const skipped = [
      { id: identity('young').id, reason: 'too_few_points' },
      { id: identity('idle').id, reason: 'no_recent_value' },
    ]
    await world.keep(10, ['calm', 'wild', 'dead', 'quiet'], { skipped })
    for (const host of ['calm', 'young', 'idle', 'pod']) world.live(host, at(10, 31), '10')
    world.live('wild', at(10, 31), '99')
    world.live('quiet', at(10, 31), '5')
    world.live('huge', at(10, 31), '1000')
    const rules = { dataRange: [0, 500], direction: 'above' } as const
    expect(await states({ params: rules })).toEqual({
      calm: ['ok', 'within the band'],
      wild: ['ok', 'above the band'],
      quiet: ['gated', 'beyond the edge that is not watched'],
      dead: ['no_data', 'no value at the last step'],
      young: ['learning', 'too few points to forecast from'],
      idle: ['skipped', 'no_recent_value'],
      pod: ['learning', 'new since the last forecast'],
      huge: ['out_of_range', 'outside of the data range'],
    })
  })

  test('those that appeared since the forecast are candidates for a join, until one has them', async () => {
    await world.keep(10, ['a'])
    for (const host of ['a', 'pod']) world.live(host, at(10, 31), '10x10')
    const before = await world.run(at(10, 31))
    expect(before).toMatchObject({ newSeries: [identity('pod')], scored: 1, states: { ok: 1, learning: 1 } })
    await world.keep(10, ['pod'], { kind: 'join', nominalMs: at(10, 32), startMs: at(10, 35), nonce: 'join' })
    expect(await world.run(at(10, 36))).toMatchObject({ newSeries: [], scored: 2, states: { ok: 2 } })
  })

  test('a value out of range needs no forecast to score above 1', async () => {
    world.live('a', at(10, 31), '-1')
    const result = await world.run(at(10, 31), { params: { dataRange: [0, 100] } })
    expect(result).toMatchObject({ scored: 1, missionScore: 10, noBand: true, states: { out_of_range: 1 } })
  })

  test('two that would be written as one are an error, and neither is written', async () => {
    world.deps.store.generate({ __name__: 'cpu', host: 'c', mission: 'x' }, () => 1)
    world.deps.store.generate({ __name__: 'cpu', host: 'c', exported_mission: 'x' }, () => 1)
    await expect(world.run(at(10, 31))).rejects.toMatchObject({ code: 'LABEL_COLLISION' })
    expect(world.deps.store.sent()).toBe(0)
  })

  test('an empty panel is no failure: what is expected has no data', async () => {
    await world.keep(10, ['a', 'b'])
    expect(await world.run(at(10, 31))).toMatchObject({ read: 0, scored: 0, noBand: false, states: { no_data: 2 } })
  })

  test('nor is one without any series known', async () => {
    await world.keep(10, [])
    const { states: counts } = await world.run(at(10, 31))
    expect(Object.values(counts).every((count) => count === 0)).toBe(true)
    expect(world.written('anomaly_mission_series').ok).toEqual({ 31: 0 })
  })
})

describe('failures', () => {
  beforeEach(async () => {
    await world.keep(10, ['a', 'b'])
    world.live('a', at(10, 30), '10 20 30')
    world.live('b', at(10, 30), '5 6 7')
  })

  test('a write that breaks off fails the run, and a retry sends the same', async () => {
    const window = { fromMs: at(10, 29), untilMs: at(10, 32) }
    const plan = await world.plan(window)
    world.deps.store.failWriteAfter(4)
    await expect(detect.run(world.deps, params, plan)).rejects.toMatchObject({ code: 'WRITE_UNAVAILABLE' })
    await world.keep(10, ['a', 'b'], { nonce: 'later', bandKey: 'k0' })
    await detect.run(world.deps, params, plan)
    expect(world.deps.store.conflicts).toEqual([])
    expect(world.deps.store.samples('anomaly_score')).toHaveLength(6)
  })

  test('a store that cannot be read fails the run before anything is written', async () => {
    world.deps.store.failReads(new AppError('STORE_BUSY', 'wait'))
    await expect(world.run(at(10, 31))).rejects.toMatchObject({ code: 'STORE_BUSY' })
    expect(world.deps.store.sent()).toBe(0)
  })

  test('series that the store refuses for good are named', async () => {
    const { deps } = world
    const rejected = [{ labels: { host: 'a' }, reason: 'too many labels' }]
    deps.store.writer.write = async () => ({ written: 1, dropped: 3, rejected })
    expect(await world.run(at(10, 31))).toMatchObject({ samplesDropped: 6, rejected: [...rejected, ...rejected] })
  })
})
