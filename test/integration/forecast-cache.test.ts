import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type MissionName, seriesId } from '../../models/series.ts'
import { type Server, startRedis } from '../../scheduler/stack/servers.ts'
import { createForecastCache } from '../../tasks/cache/forecast-cache.ts'
import type { BandRows, Payload, PayloadMeta } from '../../tasks/deps.ts'

const dir = mkdtempSync(join(tmpdir(), 'anomaly-times-cache-'))
const mission: MissionName = { tenant: 'default', mission: 'checkout' }
const prefix = '{at:m:default/checkout}'
const t0 = 1_764_000_000_000
const stepMs = 300_000
const hourMs = 3_600_000

let server: Server
let redis: Redis
let nowMs = t0
let invalid: string[] = []

const newCache = (client = redis) =>
  createForecastCache({ redis: client, now: () => nowMs, onInvalid: (what) => invalid.push(what) })

beforeAll(async () => {
  server = await startRedis({ dir })
  redis = new Redis(server.url)
})
beforeEach(async () => {
  await redis.flushall()
  nowMs = t0
  invalid = []
})
afterAll(async () => {
  redis?.disconnect()
  await server?.stop()
  rmSync(dir, { recursive: true })
})

function payload(more: Partial<PayloadMeta> = {}, seriesCount = 3, horizon = 4): Payload {
  const series = Array.from({ length: seriesCount }, (_, i) => {
    const labels = { mission: 'checkout', metric: 'latency', pod: `pod-${i}`, region: 'eu-west-1' }
    return { id: seriesId(labels), labels }
  })
  const meta: PayloadMeta = {
    ...{ bandKey: 'band', nominalMs: t0, kind: 'run', nonce: 'one', scopeKey: 'scope', model: 'seasonal-naive' },
    ...{ startMs: t0 + stepMs, stepMs, horizon, seriesCount, owned: { fromMs: t0, untilMs: t0 + hourMs } },
    ...more,
  }
  const row = (value: number) => new Float32Array(seriesCount).fill(value)
  const steps = Array.from({ length: horizon }, (_, h) => ({ pred: row(h), lower: row(h - 1), upper: row(h + 1) }))
  return {
    meta,
    series,
    steps,
    skipped: [
      { id: 'ff', reason: 'too_few_points', points: 6 },
      { id: 'ee', reason: 'value_too_large' },
    ],
  }
}

const rowsAt = (h: number): BandRows => payload().steps[h]!

describe('a kept payload', () => {
  test('comes back as it was', async () => {
    const kept = payload()
    await newCache().keep(mission, kept)
    const cache = newCache()
    const [meta] = await cache.list(mission)
    expect(meta).toEqual({ ...kept.meta, keepUntilMs: t0 + 4 * stepMs + hourMs })
    expect((await cache.series(mission, kept.meta))?.ids).toEqual(kept.series.map(({ id }) => id))
    expect((await cache.series(mission, kept.meta))?.rows.get(kept.series[2]!.id)).toBe(2)
    expect(await cache.identities(mission, kept.meta)).toEqual(kept.series)
    expect(await cache.skipped(mission, kept.meta)).toEqual(
      new Map([
        ['ff', { reason: 'too_few_points', points: 6 }],
        ['ee', { reason: 'value_too_large' }],
      ]),
    )
  })

  test('has the records of its rows, where there are some', async () => {
    const records = [Uint8Array.of(1, 2, 3), undefined, new Uint8Array(1_000).fill(7)]
    await newCache().keep(mission, { ...payload(), records })
    await newCache().keep(mission, payload({ nominalMs: t0 + hourMs, nonce: 'two' }))
    expect(await newCache().records(mission, payload().meta)).toEqual(records)
    expect(await newCache().records(mission, payload({ nonce: 'two' }).meta)).toBeUndefined()
    expect(await newCache().list(mission)).toHaveLength(2)
  })

  test('is refused with fewer records than series', async () => {
    const kept = newCache().keep(mission, { ...payload(), records: [Uint8Array.of(1)] })
    await expect(kept).rejects.toMatchObject({ code: 'INTERNAL' })
  })

  test('gives the rows of the steps asked for, and none outside its horizon or grid', async () => {
    const cache = newCache()
    await cache.keep(mission, payload())
    const asked = [t0, t0 + stepMs, t0 + stepMs + 1, t0 + 4 * stepMs, t0 + 5 * stepMs]
    const bands = await cache.bands(mission, payload().meta, asked)
    expect([...bands]).toEqual([
      [t0 + stepMs, rowsAt(0)],
      [t0 + 4 * stepMs, rowsAt(3)],
    ])
    expect(invalid).toEqual([])
  })

  test('may be without series', async () => {
    const cache = newCache()
    await cache.keep(mission, payload({}, 0))
    expect((await cache.series(mission, payload().meta))?.ids).toEqual([])
    expect((await cache.bands(mission, payload().meta, [t0 + stepMs])).size).toBe(1)
  })

  test('is refused when it is not what it announces', async () => {
    const short = { ...payload(), steps: payload().steps.slice(1) }
    await expect(newCache().keep(mission, short)).rejects.toMatchObject({ code: 'INTERNAL' })
    expect(await redis.keys('*')).toEqual([])
  })

  test('reads its series from Redis once', async () => {
    const cache = newCache()
    await cache.keep(mission, payload())
    const first = await cache.identities(mission, payload().meta)
    await redis.flushall()
    expect(await cache.identities(mission, payload().meta)).toBe(first)
  })

  test('lives until its last step and the gap', async () => {
    await newCache().keep(mission, payload({ keepUntilMs: t0 + 5 * hourMs }))
    for (const key of [`${prefix}:p:one`, `${prefix}:list`]) {
      expect(await redis.pttl(key)).toBeGreaterThan(5 * hourMs - 60_000)
      expect(await redis.pttl(key)).toBeLessThanOrEqual(5 * hourMs)
    }
    nowMs = t0 + 5 * hourMs
    expect(await newCache().list(mission)).toEqual([])
  })

  test('of past steps lives an hour, for the backfill that made it', async () => {
    nowMs = t0 + 100 * hourMs
    await newCache().keep(mission, payload())
    expect(await newCache().list(mission)).toHaveLength(1)
    expect(await redis.pttl(`${prefix}:p:one`)).toBeGreaterThan(hourMs - 60_000)
  })

  test('is no longer listed once Redis let it go', async () => {
    await newCache().keep(mission, payload())
    await redis.del(`${prefix}:p:one`)
    expect(await newCache().list(mission)).toEqual([])
    expect(await redis.hlen(`${prefix}:list`)).toBe(0)
  })
})

describe('several payloads', () => {
  test('are listed newest T first, a run before a join', async () => {
    const cache = newCache()
    await cache.keep(mission, payload({ nonce: 'join', kind: 'join', nominalMs: t0 + hourMs }))
    await cache.keep(mission, payload({ nonce: 'old' }))
    await cache.keep(mission, payload({ nonce: 'new', nominalMs: t0 + hourMs }))
    await cache.keep(mission, payload({ nonce: 'edited', bandKey: 'other', nominalMs: t0 + 2 * hourMs }))
    expect((await cache.list(mission)).map(({ nonce }) => nonce)).toEqual(['edited', 'new', 'join', 'old'])
  })

  test('of other missions are apart', async () => {
    const cache = newCache()
    const other = { tenant: 'team', mission: 'checkout' }
    await cache.keep(mission, payload())
    await cache.keep(other, payload({ nonce: 'two' }))
    await cache.drop(mission)
    expect(await cache.list(mission)).toEqual([])
    expect((await cache.list(other)).map(({ nonce }) => nonce)).toEqual(['two'])
    expect(await redis.keys(`${prefix}*`)).toEqual([])
  })
})

describe('a payload that replaces another', () => {
  test('is the only one listed, and the old one serves those who began with it for minutes', async () => {
    const cache = newCache()
    await cache.keep(mission, payload())
    await cache.markPublished(mission, payload().meta, { fromMs: t0, untilMs: t0 + hourMs })
    await cache.keep(mission, payload({ nonce: 'two' }, 5))
    const listed = await cache.list(mission)
    expect(listed.map(({ nonce, published }) => [nonce, published])).toEqual([['two', undefined]])
    expect((await cache.bands(mission, payload().meta, [t0 + stepMs])).get(t0 + stepMs)).toEqual(rowsAt(0))
    expect(await redis.pttl(`${prefix}:p:one`)).toBeLessThanOrEqual(300_000)
    expect((await cache.series(mission, listed[0]!))?.ids).toHaveLength(5)
  })

  test('kept by two workers at once leaves one of them, whole', async () => {
    const cache = newCache()
    await Promise.all(Array.from({ length: 8 }, (_, i) => cache.keep(mission, payload({ nonce: `n${i}` }, i + 1, 64))))
    const listed = await cache.list(mission)
    expect(listed).toHaveLength(1)
    const [meta] = listed
    expect((await newCache().series(mission, meta!))?.ids).toHaveLength(meta!.seriesCount)
    const steps = Array.from({ length: 64 }, (_, h) => t0 + stepMs * (h + 1))
    expect((await cache.bands(mission, meta!, steps)).size).toBe(64)
    const lasting = await Promise.all((await redis.keys(`${prefix}:p:*`)).map((key) => redis.pttl(key)))
    expect(lasting.filter((ttl) => ttl > 300_000)).toHaveLength(1)
  })
})

describe('published', () => {
  test('is remembered', async () => {
    const cache = newCache()
    await cache.keep(mission, payload())
    await cache.markPublished(mission, payload().meta, { fromMs: t0, untilMs: t0 + hourMs })
    expect((await cache.list(mission))[0]?.published).toEqual({ fromMs: t0, untilMs: t0 + hourMs })
  })

  test('is not said of another computation, nor of a payload that is gone', async () => {
    const cache = newCache()
    await cache.keep(mission, payload({ nonce: 'two' }))
    await cache.markPublished(mission, payload().meta, { fromMs: t0, untilMs: t0 + hourMs })
    await cache.markPublished(mission, payload({ nominalMs: 0 }).meta, { fromMs: t0, untilMs: t0 + hourMs })
    expect((await cache.list(mission)).map(({ published }) => published)).toEqual([undefined])
  })
})

describe('what cannot be read', () => {
  test('a payload that is gone is undefined', async () => {
    const cache = newCache()
    expect(await cache.list(mission)).toEqual([])
    expect(await cache.series(mission, payload().meta)).toBeUndefined()
    expect(await cache.identities(mission, payload().meta)).toBeUndefined()
    expect(await cache.skipped(mission, payload().meta)).toEqual(new Map())
    expect(await cache.bands(mission, payload().meta, [t0 + stepMs])).toEqual(new Map())
    expect(invalid).toEqual([])
  })

  test('a payload of another version is absent, and said', async () => {
    await newCache().keep(mission, payload())
    await redis.hset(`${prefix}:p:one`, 'head', Buffer.from('ATF\u0007abcd'))
    const cache = newCache()
    expect(await cache.series(mission, payload().meta)).toBeUndefined()
    expect(await cache.bands(mission, payload().meta, [t0 + stepMs])).toEqual(new Map())
    expect(invalid).toEqual([`${prefix}:p:one ids`, `${prefix}:p:one b${t0 + stepMs}`])
  })

  test('an entry of another version is left alone, and not listed', async () => {
    await newCache().keep(mission, payload())
    await redis.hset(`${prefix}:list`, 'future', 'one\nATL9{}')
    expect(await newCache().list(mission)).toHaveLength(1)
    expect(invalid).toEqual([`${prefix}:list`])
    expect(await redis.hlen(`${prefix}:list`)).toBe(2)
  })

  test('a damaged step is absent, the others serve', async () => {
    const cache = newCache()
    await cache.keep(mission, payload())
    await redis.hset(`${prefix}:p:one`, `b${t0 + stepMs}`, 'damaged')
    const bands = await cache.bands(mission, payload().meta, [t0 + stepMs, t0 + 2 * stepMs])
    expect([...bands.keys()]).toEqual([t0 + 2 * stepMs])
    expect(invalid).toEqual([`${prefix}:p:one b${t0 + stepMs}`])
  })
})

describe('Redis gone', () => {
  const fragile = (url: string) => {
    const client = new Redis(url, { maxRetriesPerRequest: 1, retryStrategy: () => 50 })
    client.on('error', () => {})
    return client
  }

  /** Runs `action` before the nth transaction of a client: the first bears the series, the others chunks of steps. */
  const beforeTransaction = (client: Redis, nth: number, action: () => void) => {
    const multi = client.multi.bind(client)
    let calls = 0
    client.multi = (() => {
      if (++calls === nth) action()
      return multi()
    }) as typeof client.multi
  }

  test('in the middle of keeping: nothing is visible, and what was begun goes by itself', async () => {
    const ownDir = mkdtempSync(join(dir, 'gone-'))
    // what Redis acknowledged must be there again, or the test would find an empty Redis in any case
    const always = ['--appendfsync', 'always']
    const own = await startRedis({ dir: ownDir, extraArgs: always })
    const client = fragile(own.url)
    let killed: Promise<void> | undefined
    beforeTransaction(client, 3, () => {
      killed = own.kill()
    })
    await expect(newCache(client).keep(mission, payload({}, 20_000, 64))).rejects.toMatchObject({
      code: 'REDIS_UNAVAILABLE',
      message: expect.stringContaining(`${prefix}:p:one`),
    })
    client.disconnect()
    await killed

    const again = await startRedis({ dir: ownDir, extraArgs: always })
    const reader = fragile(again.url)
    expect(await newCache(reader).list(mission)).toEqual([])
    const left = await reader.keys('*')
    expect(left).toEqual([expect.stringContaining(`${prefix}:t:`)])
    expect(await reader.pttl(left[0]!)).toBeGreaterThan(0)
    expect(await reader.pttl(left[0]!)).toBeLessThanOrEqual(120_000)
    reader.disconnect()
    await again.stop()
  })

  test('emptied in the middle of keeping: half a payload is never committed', async () => {
    const client = redis.duplicate()
    beforeTransaction(client, 3, () => void client.flushall())
    await expect(newCache(client).keep(mission, payload({}, 20_000, 64))).rejects.toMatchObject({
      code: 'REDIS_UNAVAILABLE',
      message: expect.stringContaining('lost before its commit'),
    })
    expect(await newCache().list(mission)).toEqual([])
    client.disconnect()
  })

  test('full: the words of Redis are in the error', async () => {
    await redis.config('SET', 'maxmemory', '1')
    const keeping = newCache()
      .keep(mission, payload())
      .finally(() => redis.config('SET', 'maxmemory', '0'))
    await expect(keeping).rejects.toMatchObject({
      code: 'REDIS_UNAVAILABLE',
      message: expect.stringContaining('maxmemory'),
    })
  })

  test('every call says so', async () => {
    const client = fragile('redis://127.0.0.1:1')
    const cache = newCache(client)
    const { meta } = payload()
    for (const call of [
      () => cache.keep(mission, payload()),
      () => cache.list(mission),
      () => cache.series(mission, meta),
      () => cache.bands(mission, meta, [t0]),
      () => cache.markPublished(mission, meta, { fromMs: 0, untilMs: 1 }),
      () => cache.drop(mission),
    ]) {
      await expect(call()).rejects.toMatchObject({
        code: 'REDIS_UNAVAILABLE',
        message: expect.stringContaining(prefix),
      })
    }
    client.disconnect()
  })
})
