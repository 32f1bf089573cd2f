import type { MissionName, SeriesIdentity, StepRange } from '../../models/series.ts'
import type { BandRows, ForecastCache, PayloadMeta, PayloadRef, PayloadSeries } from '../deps.ts'
import { keepPayload, replacedTtlMs } from './keep-payload.ts'
import * as codec from './payload-codec.ts'
import { type Recent, recentlyUsed } from './recent.ts'
import { calling, entryField, keysOf, payloadKey, type RedisClient, stepField } from './redis.ts'
import { dropScript, listScript, swapScript } from './scripts.ts'

export interface ForecastCacheOptions {
  readonly redis: RedisClient
  /** The clock that steps are compared with; Redis counts down on its own. */
  readonly now: () => number
  /** Something that this version cannot read was taken for absent; `what` names its key and field. */
  readonly onInvalid?: (what: string) => void
  /** Decoded series kept in memory, summed over payloads. Default 400,000. */
  readonly maxDecodedSeries?: number
}

interface Cache {
  readonly redis: RedisClient
  readonly now: () => number
  readonly onInvalid: (what: string) => void
  readonly indexes: Recent<PayloadSeries>
  readonly identities: Recent<readonly SeriesIdentity[]>
}

/**
 * Layout, in one hash slot a mission: `:list` is a hash of entries by bandKey, T and kind; `:p:<nonce>` is a hash with
 * one field a step, four for head and series, and one for records where there are some. For readers a payload exists once its entry does.
 */
export function createForecastCache(options: ForecastCacheOptions): ForecastCache {
  const { redis, now, onInvalid = () => {}, maxDecodedSeries = 400_000 } = options
  const cache: Cache = {
    ...{ redis, now, onInvalid },
    indexes: recentlyUsed(maxDecodedSeries),
    identities: recentlyUsed(maxDecodedSeries),
  }
  return {
    keep: (mission, payload) => keepPayload({ redis, nowMs: now() }, mission, payload),
    list: (mission) => listPayloads(cache, mission),
    series: (mission, ref) => readIndex(cache, payloadKey(mission, ref)),
    identities: (mission, ref) => readIdentities(cache, payloadKey(mission, ref)),
    skipped: async (mission, ref) =>
      (await readField(cache, payloadKey(mission, ref), 'skipped', codec.decodeSkipped)) ?? new Map(),
    records: (mission, ref) => readField(cache, payloadKey(mission, ref), 'records', codec.decodeRecords),
    bands: (mission, ref, stepsMs) => readBands(cache, payloadKey(mission, ref), stepsMs),
    markPublished: (mission, ref, steps) => {
      const { list } = keysOf(mission)
      return calling('mark', list, markEntry({ redis, list, ref }, steps))
    },
    async retire(mission, ref) {
      const key = payloadKey(mission, ref)
      await calling('retire', key, redis.pexpire(key, replacedTtlMs))
    },
    async drop(mission) {
      const { list, payloadPrefix } = keysOf(mission)
      await calling('drop', list, redis.eval(dropScript, 1, list, payloadPrefix))
    },
  }
}

async function listPayloads({ redis, now, onInvalid }: Cache, mission: MissionName): Promise<PayloadMeta[]> {
  const { list, payloadPrefix } = keysOf(mission)
  const entries = (await calling('list', list, redis.eval(listScript, 1, list, payloadPrefix))) as string[]
  const live: PayloadMeta[] = []
  for (const entry of entries) {
    const meta = codec.decodeEntry(entry)
    if (!meta) onInvalid(list)
    else if ((meta.keepUntilMs ?? 0) > now()) live.push(meta)
  }
  return live.sort((a, b) => b.nominalMs - a.nominalMs || b.kind.localeCompare(a.kind))
}

async function readIndex(cache: Cache, key: string): Promise<PayloadSeries | undefined> {
  const known = cache.indexes.get(key)
  if (known) return known
  const index = await readField(cache, key, 'ids', codec.decodeIds)
  if (index) cache.indexes.set(key, index, index.ids.length)
  return index
}

async function readIdentities(cache: Cache, key: string): Promise<readonly SeriesIdentity[] | undefined> {
  const known = cache.identities.get(key)
  if (known) return known
  const [index, labels] = await Promise.all([
    readIndex(cache, key),
    readField(cache, key, 'labels', codec.decodeLabels),
  ])
  if (!index || labels?.length !== index.ids.length) return undefined
  const identities = labels.map((set, row) => ({ id: index.ids[row]!, labels: set }))
  cache.identities.set(key, identities, identities.length)
  return identities
}

async function readBands(
  cache: Cache,
  key: string,
  stepsMs: readonly number[],
): Promise<ReadonlyMap<number, BandRows>> {
  const answer = cache.redis.hmgetBuffer(key, 'head', ...stepsMs.map(stepField))
  const [head, ...blocks] = await calling('read', key, answer)
  const bands = new Map<number, BandRows>()
  for (const [i, bytes] of blocks.entries()) {
    const ms = stepsMs[i]!
    const band =
      head && bytes && (await decodeField(cache, `${key} ${stepField(ms)}`, { head, bytes, decode: codec.decodeBand }))
    if (band) bands.set(ms, band)
  }
  return bands
}

type Decode<T> = (bytes: Buffer, head: codec.PayloadHead) => T | undefined | Promise<T | undefined>

/** undefined when the payload is gone or cannot be read. */
async function readField<T>(cache: Cache, key: string, field: string, decode: Decode<T>): Promise<T | undefined> {
  const [head, bytes] = await calling('read', key, cache.redis.hmgetBuffer(key, 'head', field))
  return head && bytes ? decodeField(cache, `${key} ${field}`, { head, bytes, decode }) : undefined
}

async function decodeField<T>(
  { onInvalid }: Cache,
  what: string,
  { head, bytes, decode }: { head: Buffer; bytes: Buffer; decode: Decode<T> },
): Promise<T | undefined> {
  const known = codec.decodeHead(head)
  const value = known && (await decode(bytes, known))
  if (value === undefined) onInvalid(what)
  return value
}

/** Written only over the entry that was read: a payload that replaces this one in between is not marked. */
async function markEntry(
  { redis, list, ref }: { redis: RedisClient; list: string; ref: PayloadRef },
  published: StepRange,
): Promise<void> {
  for (;;) {
    const entry = await redis.hget(list, entryField(ref))
    const meta = entry === null ? undefined : codec.decodeEntry(entry)
    if (entry === null || meta?.nonce !== ref.nonce) return
    const marked = codec.encodeEntry({ ...meta, published })
    if ((await redis.eval(swapScript, 1, list, entryField(ref), entry, marked)) === 1) return
  }
}
