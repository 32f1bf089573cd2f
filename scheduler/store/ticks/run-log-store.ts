import { z } from 'zod'
import type { RedisClient } from '../../../tasks/cache/redis.ts'
import type { RunLogLine } from '../../queue/runs.ts'
import { redisCall } from '../redis-call.ts'
import { decodeDocument } from '../stored-document.ts'
import { keys } from './schedule-keys.ts'
import { dayMs } from './tick-codec.ts'

/** The last lines of runs that have a record. */
export interface RunLogStore {
  append(runId: string, lines: readonly RunLogLine[]): Promise<void>
  /** Oldest first; at most `maxLines`. */
  read(runId: string): Promise<RunLogLine[]>
}

export const maxLines = 100
const maxCharacters = 1_000
/** Until its record says how long. */
const keepMs = 7 * dayMs

const stored = z.object({ atMs: z.number(), level: z.enum(['info', 'warn']), text: z.string() })

export function createRunLogStore(redis: RedisClient): RunLogStore {
  return {
    async append(runId, lines) {
      if (lines.length === 0) return
      const key = keys.runLog(runId)
      const cut = lines.slice(-maxLines).map((line) => JSON.stringify({ ...line, text: shortened(line.text) }))
      const change = redis
        .multi()
        .rpush(key, ...cut)
        .ltrim(key, -maxLines, -1)
      await redisCall('write the log of a run', change.pexpire(key, keepMs).exec())
    },

    async read(runId) {
      const lines = await redisCall('read the log of a run', redis.lrange(keys.runLog(runId), 0, -1))
      return lines.flatMap((line) => decodeDocument(line, stored).document ?? [])
    },
  }
}

const shortened = (text: string): string =>
  text.length > maxCharacters ? `${text.slice(0, maxCharacters - 1)}…` : text
