import { beforeEach, describe, expect, test } from 'vitest'
import { identifySeries } from '../../../models/series.ts'
import { createSeriesService } from '../../../scheduler/series/series-service.ts'
import { at, executionWorld, minuteMs, name, settings } from '../../fakes/execution-world.ts'

// forecast on the hour, scored every minute up to 12:29; it is 12:30:31
const scoredMs = at('12:29:00')
let world: ReturnType<typeof executionWorld>

beforeEach(() => {
  world = executionWorld()
  world.marks.known = { scoredUntilMs: scoredMs }
})

const labelsOf = (host: string) => ({ __name__: 'cpu', host })
const identityOf = (host: string) => identifySeries([{ labels: labelsOf(host) }], name)[0]!
const live = (host: string, value = 10) => world.store.generate(labelsOf(host), () => value)

/** A forecast of the run at 12:00: the band of these hosts is [9, 11]. */
const keep = (hosts: readonly string[], fields = {}) =>
  world.keep(at('12:00:00'), { series: hosts.map(labelsOf), ...fields })

/** Scores as detection wrote them, one a minute up to the last that was scored. */
function scored(host: string, ...scores: number[]) {
  const startMs = scoredMs - (scores.length - 1) * minuteMs
  const { labels } = identityOf(host)
  return world.store.writer.write([
    {
      ...{ name: 'anomaly_score', series: [{ id: '', labels }] },
      timestampsMs: scores.map((_, i) => startMs + i * minuteMs),
      values: Float64Array.from(scores),
    },
  ])
}

const service = () =>
  createSeriesService({
    ...{ cache: world.cache, marks: world.marks, requests: world.deps.requests, settings, now: world.deps.now },
    mission: async () => world.mission,
    reader: () => world.store.reader,
  })
const page = (filter = {}) => service().page(name.tenant, name.mission, { limit: 100, ...filter })
const hosts = (series: readonly { readonly labels: Readonly<Record<string, string>> }[]) =>
  series.map(({ labels }) => labels.host)

test('every series with state, reason, value, band and score at the step that was scored last, trouble first', async () => {
  for (const host of ['calm', 'hot']) live(host, host === 'hot' ? 20 : 10)
  await keep(['calm', 'hot', 'dead'])
  const { atMs, states, series, cursor } = await page()
  expect([atMs, cursor]).toEqual([scoredMs, undefined])
  expect(states).toMatchObject({ ok: 2, no_data: 1, learning: 0 })
  expect(hosts(series)).toEqual(['hot', 'dead', 'calm'])
  expect(series[0]).toMatchObject({ state: 'ok', reason: 'above the band', value: 20, pred: 10, lower: 9, upper: 11 })
  expect(series[0]?.score).toBeCloseTo(1 + Math.log(10))
  expect(series[2]).toEqual({
    ...{ labels: identityOf('calm').labels, state: 'ok', reason: 'within the band' },
    ...{ value: 10, pred: 10, lower: 9, upper: 11, score: 0 },
  })
})

test('nothing is written, kept or asked for', async () => {
  live('calm')
  await keep(['calm'])
  const sent = world.store.sent()
  await page()
  expect([world.store.sent(), world.cache.kept.length, world.queue.enqueued]).toEqual([sent, 1, []])
  expect(world.marks.known).toEqual({ scoredUntilMs: scoredMs })
})

describe('since', () => {
  test('the first step of scores above 1, and of the time without any', async () => {
    live('hot', 20)
    await keep(['hot', 'dead', 'calm'])
    live('calm')
    await scored('hot', 0.5, 0.5, 2, 2, 3)
    await scored('dead', 0.5, 0.5, 0.5, Number.NaN, Number.NaN)
    const { series } = await page()
    expect(series.map(({ labels, sinceMs }) => [labels.host, sinceMs])).toEqual([
      ['hot', scoredMs - 2 * minuteMs],
      ['dead', scoredMs - minuteMs],
      ['calm', undefined],
    ])
  })

  test('the creation of the mission where no score was ever written', async () => {
    await keep(['dead'])
    expect((await page()).series[0]?.sinceMs).toBe(world.mission.createdMs)
  })
})

describe('how far learning is', () => {
  test('values that the forecast found', async () => {
    live('young')
    await keep([], { skipped: [{ id: identityOf('young').id, reason: 'too_few_points', points: 6 }] })
    expect((await page()).series[0]).toMatchObject({ state: 'learning', learning: { points: 6, minPoints: 10 } })
  })

  test('steps since a newer series was seen', async () => {
    live('pod')
    await keep(['calm'])
    live('calm')
    const seenMs = at('12:07:00')
    await world.deps.requests.seenFor(name, [identityOf('pod').id], seenMs, 0)
    const [pod] = (await page({ state: 'learning' })).series
    expect(pod).toMatchObject({ learning: { points: 4, minPoints: 10, firstSeenMs: seenMs }, sinceMs: seenMs })
  })
})

describe('pages', () => {
  beforeEach(async () => {
    for (const host of ['a', 'b', 'c']) live(host, host === 'b' ? 20 : 10)
    await keep(['a', 'b', 'c', 'd'])
  })

  test('go on at the step of the first one, and end', async () => {
    const here = service()
    const look = (filter: object) => here.page('default', 'cpu', { limit: 3, ...filter })
    const first = await look({})
    world.marks.known = { scoredUntilMs: scoredMs + minuteMs }
    const second = await look({ cursor: first.cursor })
    expect([first.series.length, second.series.length, second.cursor]).toEqual([3, 1, undefined])
    expect(second.atMs).toBe(first.atMs)
    expect(new Set([...hosts(first.series), ...hosts(second.series)]).size).toBe(4)
  })

  test('of one step read the query once', async () => {
    const here = service()
    const { cursor } = await here.page('default', 'cpu', { limit: 1 })
    await here.page('default', 'cpu', { limit: 1, ...(cursor !== undefined && { cursor }) })
    expect(world.store.queries.filter(({ query }) => query === 'cpu')).toHaveLength(1)
  })

  test('of one state count all states', async () => {
    const { series, states } = await page({ state: 'no_data' })
    expect([hosts(series), states.ok]).toEqual([['d'], 3])
  })

  test('begin at a cursor of this list only', async () => {
    await expect(page({ cursor: 'x' })).rejects.toMatchObject({
      ...{ code: 'INVALID_PARAMS', message: 'cursor: "x" is none of this list' },
    })
  })
})
