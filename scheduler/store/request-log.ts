import type { Redis } from 'ioredis'
import type { MissionName } from '../../models/series.ts'
import type { RequestLog } from '../execution/ports.ts'

/** Longer than any join can wait for a series to have its points. */
const keepMs = 2 * 86_400_000

/** KEYS: log hash. ARGV: kind, now, every. One winner per kind and interval, also between workers. */
const mayRequestScript = `
local last = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '-1')
local now = tonumber(ARGV[2])
if last >= 0 and now - last < tonumber(ARGV[3]) and now >= last then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ${keepMs})
return 1`

/** KEYS: seen hash. ARGV: now, ids. Returns when each was first seen. */
const firstSeenScript = `
local seen = {}
for i = 2, #ARGV do
  redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[1])
  seen[i - 1] = redis.call('HGET', KEYS[1], ARGV[i])
end
redis.call('PEXPIRE', KEYS[1], ${keepMs})
return seen`

/** Lua unpacks at most some thousand arguments. */
const idsPerCall = 2_000

export function requestLog(redis: Redis): RequestLog {
  return {
    async mayRequest({ tenant, mission }, kind, nowMs, everyMs) {
      const key = `{at}:requests:${tenant}:${mission}`
      return (await redis.eval(mayRequestScript, 1, key, kind, nowMs, everyMs)) === 1
    },
    async seenFor(name: MissionName, ids, nowMs, forMs) {
      const key = `{at}:seen:${name.tenant}:${name.mission}`
      const ready: string[] = []
      for (let from = 0; from < ids.length; from += idsPerCall) {
        const chunk = ids.slice(from, from + idsPerCall)
        const firstSeen = (await redis.eval(firstSeenScript, 1, key, nowMs, ...chunk)) as string[]
        for (const [i, id] of chunk.entries()) if (nowMs - Number(firstSeen[i]) >= forMs) ready.push(id)
      }
      return ready
    },
  }
}
