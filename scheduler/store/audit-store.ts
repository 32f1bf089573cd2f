import { z } from 'zod'
import type { RedisClient } from '../../tasks/cache/redis.ts'
import { decodeCursor, encodeCursor, type PageOptions } from './pages.ts'
import { redisCall } from './redis-call.ts'
import { decodeDocument } from './stored-document.ts'

/** Something that somebody changed. */
export interface AuditEntry {
  /** Time and serial number. */
  readonly id: string
  readonly atMs: number
  /** Name of the key, or user of the token. */
  readonly actor: string
  readonly method: string
  /** With the query string. */
  readonly path: string
  readonly status: number
  /** Of what was written, where it has one. */
  readonly generation?: number
  /** Of a request that changed many things: `created mission cpu`. */
  readonly changes?: readonly string[]
  readonly requestId: string
}

export interface AuditPage {
  readonly items: readonly AuditEntry[]
  readonly cursor?: string
}

/** Who changed what in a tenant. Each entry is kept until 10,000 newer ones came, for 90 days at most. */
export interface AuditStore {
  add(tenant: string, entry: Omit<AuditEntry, 'id'>): Promise<void>
  /** Newest first. */
  list(tenant: string, page: PageOptions): Promise<AuditPage>
}

const kept = 10_000
const keptMs = 90 * 86_400_000

const storedEntry = z.object({
  atMs: z.number(),
  actor: z.string(),
  method: z.string(),
  path: z.string(),
  status: z.number(),
  generation: z.number().exactOptional(),
  changes: z.array(z.string()).exactOptional(),
  requestId: z.string(),
})

/** Id of an entry of a stream. */
const streamPlace = z.tuple([z.string().regex(/^\d{1,18}-\d{1,18}$/)])

export function createAuditStore(redis: RedisClient): AuditStore {
  const keyOf = (tenant: string) => `{at}:audit:${tenant}`
  return {
    async add(tenant, entry) {
      const key = keyOf(tenant)
      const change = redis.multi().xadd(key, 'MAXLEN', '~', kept, '*', 'change', JSON.stringify(entry))
      await redisCall('write the audit log', change.pexpire(key, keptMs).exec())
    },

    async list(tenant, { limit, cursor }) {
      const newest = cursor === undefined ? '+' : `(${decodeCursor(cursor, streamPlace)[0]}`
      const read = redis.xrevrange(keyOf(tenant), newest, '-', 'COUNT', limit + 1)
      const entries = await redisCall('read the audit log', read)
      const items = entries.slice(0, limit).flatMap(([id, [, json = '']]) => {
        const { document } = decodeDocument(json, storedEntry)
        // another release wrote it
        return document ? [{ id, ...document }] : []
      })
      const last = entries.length > limit ? entries[limit - 1]?.[0] : undefined
      return { items, ...(last !== undefined && { cursor: encodeCursor(last) }) }
    },
  }
}
