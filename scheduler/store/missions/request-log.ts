import type { MissionName } from '../../../models/series.ts'
import type { RedisClient } from '../../../tasks/cache/redis.ts'
import { luaScript, runLua } from '../lua.ts'
import { redisCall } from '../redis-call.ts'
import { missionKeys as keys } from './mission-keys.ts'

/** What a worker remembers of a mission between two detect runs, beyond the marks. */
export interface RequestLog {
  /** True once in `everyMs` per mission and kind. */
  mayRequest(name: MissionName, kind: 'request' | 'join', nowMs: number, everyMs: number): Promise<boolean>
  /** Notes ids when first seen; returns those known since at least `forMs`. */
  seenFor(name: MissionName, ids: readonly string[], nowMs: number, forMs: number): Promise<readonly string[]>
  /** When ids were first seen, by id; those that were not are missing. Notes nothing. */
  firstSeen(name: MissionName, ids: readonly string[]): Promise<ReadonlyMap<string, number>>
}

/** Longer than any join can wait for a series to have its points. */
const keepMs = 2 * 86_400_000

/** KEYS: log hash. ARGV: kind, now, every. One winner per kind and interval, also between workers. */
const mayRequestScript = luaScript(`
local last = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '-1')
local now = tonumber(ARGV[2])
if last >= 0 and now - last < tonumber(ARGV[3]) and now >= last then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ${keepMs})
return 1`)

/** KEYS: ids by when they were first seen. ARGV: now, ids. Returns when each was; those of long ago are forgotten. */
const firstSeenScript = luaScript(`
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', tonumber(ARGV[1]) - ${keepMs})
local seen = {}
for i = 2, #ARGV do
  redis.call('ZADD', KEYS[1], 'NX', ARGV[1], ARGV[i])
  seen[i - 1] = redis.call('ZSCORE', KEYS[1], ARGV[i])
end
redis.call('PEXPIRE', KEYS[1], ${keepMs})
return seen`)

/** Lua unpacks at most some thousand arguments. */
const idsPerCall = 2_000

export function requestLog(redis: RedisClient): RequestLog {
  return {
    async mayRequest(name, kind, nowMs, everyMs) {
      const script = runLua(redis, mayRequestScript, [keys.requests(name)], [kind, nowMs, everyMs])
      return (await redisCall(`note a request of ${name.mission}`, script)) === 1
    },
    async seenFor(name, ids, nowMs, forMs) {
      const ready: string[] = []
      for (let from = 0; from < ids.length; from += idsPerCall) {
        const chunk = ids.slice(from, from + idsPerCall)
        const script = runLua(redis, firstSeenScript, [keys.seen(name)], [nowMs, ...chunk])
        const firstSeen = (await redisCall(`note new series of ${name.mission}`, script)) as string[]
        for (const [i, id] of chunk.entries()) if (nowMs - Number(firstSeen[i]) >= forMs) ready.push(id)
      }
      return ready
    },
    async firstSeen(name, ids) {
      if (ids.length === 0) return new Map()
      const scores = await redisCall(`read new series of ${name.mission}`, redis.zmscore(keys.seen(name), ...ids))
      return new Map(ids.flatMap((id, i) => (scores[i] == null ? [] : [[id, Number(scores[i])]])))
    },
  }
}
