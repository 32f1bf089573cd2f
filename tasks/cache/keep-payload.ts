import { randomUUID } from 'node:crypto'
import type { ChainableCommander } from 'ioredis'
import { AppError } from '../../models/errors.ts'
import type { MissionName } from '../../models/series.ts'
import type { BandRows, Payload, PayloadMeta } from '../deps.ts'
import {
  encodeBand,
  encodeEntry,
  encodeHead,
  encodeIds,
  encodeLabels,
  encodeRecords,
  encodeSkipped,
} from './payload-codec.ts'
import { calling, entryField, keysOf, payloadKey, type RedisClient, stepField } from './redis.ts'
import { commitScript } from './scripts.ts'

const hourMs = 3_600_000
/** A writer that dies leaves its unfinished payload for so long. */
const unfinishedTtlMs = 120_000
/** A replaced payload stays readable for the runs that began with it. */
export const replacedTtlMs = 300_000
const chunkBytes = 4 << 20

/** Writes under a temporary key, in chunks, then makes it the payload of its bandKey, T and kind in one step. */
export async function keepPayload(
  { redis, nowMs }: { readonly redis: RedisClient; readonly nowMs: number },
  mission: MissionName,
  payload: Payload,
): Promise<void> {
  checkShape(payload)
  const meta = { ...payload.meta, keepUntilMs: keepUntil(payload.meta, nowMs) }
  const temporary = `${keysOf(mission).prefix}:t:${randomUUID()}`
  const write = async () => {
    await writeSeries(redis, temporary, payload)
    await writeSteps(redis, temporary, payload)
    const { list, payloadPrefix } = keysOf(mission)
    const keys = [temporary, payloadKey(mission, meta), list]
    const ttlMs = Math.ceil(meta.keepUntilMs - nowMs)
    const fields = meta.horizon + (payload.records ? 5 : 4)
    const args = [entryField(meta), encodeEntry(meta), ttlMs, fields, payloadPrefix, replacedTtlMs]
    if ((await redis.eval(commitScript, keys.length, ...keys, ...args)) !== 1)
      throw new Error('the unfinished payload was lost before its commit')
  }
  await calling('keep', payloadKey(mission, meta), write())
}

function checkShape({ meta, series, steps, records }: Payload): void {
  const fits = ({ pred, lower, upper }: BandRows) => [pred, lower, upper].every((row) => row.length === series.length)
  const isWhole = meta.seriesCount === series.length && meta.horizon === steps.length && steps.every(fits)
  if (isWhole && (!records || records.length === series.length)) return
  throw new AppError(
    'INTERNAL',
    `payload of T ${meta.nominalMs}: announces ${meta.seriesCount} series and ${meta.horizon} steps, ` +
      `has ${series.length} and ${steps.length}, or steps or records of another length`,
  )
}

/** At least an hour: a backfill's steps are past when it is kept. */
function keepUntil({ keepUntilMs, startMs, stepMs, horizon }: PayloadMeta, nowMs: number): number {
  return Math.max(keepUntilMs ?? startMs + (horizon - 1) * stepMs + hourMs, nowMs + hourMs)
}

async function writeSeries(redis: RedisClient, key: string, payload: Payload): Promise<void> {
  const { meta, series, skipped, records } = payload
  const [labels, reasons] = await Promise.all([encodeLabels(series), encodeSkipped(skipped)])
  const fields = {
    ...{ head: encodeHead(meta), ids: encodeIds(series), labels, skipped: reasons },
    ...(records && { records: encodeRecords(records) }),
  }
  await execute(redis.multi().hset(key, fields).pexpire(key, unfinishedTtlMs))
}

async function writeSteps(redis: RedisClient, key: string, { meta, series, steps }: Payload): Promise<void> {
  const stepsPerChunk = Math.max(1, Math.floor(chunkBytes / (series.length * 12 + 1)))
  for (let from = 0; from < steps.length; from += stepsPerChunk) {
    const chunk = redis.multi()
    for (let h = from; h < Math.min(from + stepsPerChunk, steps.length); h++) {
      chunk.hset(key, stepField(meta.startMs + h * meta.stepMs), encodeBand(steps[h]!))
    }
    await execute(chunk.pexpire(key, unfinishedTtlMs))
  }
}

async function execute(transaction: ChainableCommander): Promise<void> {
  for (const [error] of (await transaction.exec()) ?? []) if (error) throw error
}
