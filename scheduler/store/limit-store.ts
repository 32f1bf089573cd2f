import type { RedisClient } from '../../tasks/cache/redis.ts'
import { luaScript, runLua } from './lua.ts'
import { redisCall } from './redis-call.ts'

/** How many runs of a kind may be at work at once, on all workers together. */
export interface Limit {
  /** As `flow:forecast`, `tenant:red`, `datasource:main`. */
  readonly name: string
  readonly most: number
}

/**
 * Leases: a holder that dies gives its place back when its lease has run out. The clock is that of Redis, so that
 * workers whose clocks differ agree.
 */
export interface LimitStore {
  /** All of them or none; the first that is full, undefined when the token holds them all. The same token counts once. */
  take(limits: readonly Limit[], token: string): Promise<Limit | undefined>
  /** Places whose lease has run out are taken again, even above the limit: their run is at work. */
  renew(limits: readonly Limit[], token: string): Promise<void>
  release(limits: readonly Limit[], token: string): Promise<void>
  /** Tokens that hold a place. */
  holders(name: string): Promise<string[]>
}

const keyOf = (name: string): string => `{at}:limit:${name}`

const nowLua = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`

/** KEYS: limits. ARGV: token, lease in ms, then the most of each. Answers 0, or which one is full. */
const takeScript = luaScript(`${nowLua}
for i, key in ipairs(KEYS) do
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  if not redis.call('ZSCORE', key, ARGV[1]) and redis.call('ZCARD', key) >= tonumber(ARGV[2 + i]) then return i end
end
for _, key in ipairs(KEYS) do
  redis.call('ZADD', key, now + ARGV[2], ARGV[1])
  redis.call('PEXPIRE', key, ARGV[2])
end
return 0`)

/** KEYS: limits. ARGV: token, lease in ms. */
const renewScript = luaScript(`${nowLua}
for _, key in ipairs(KEYS) do
  redis.call('ZADD', key, now + ARGV[2], ARGV[1])
  redis.call('PEXPIRE', key, ARGV[2])
end
return 0`)

/** KEYS: limit. */
const holdersScript = luaScript(`${nowLua}
return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf')`)

export function createLimitStore(redis: RedisClient, leaseMs: number): LimitStore {
  const keysOf = (limits: readonly Limit[]) => limits.map(({ name }) => keyOf(name))
  return {
    async take(limits, token) {
      const args = [token, leaseMs, ...limits.map(({ most }) => most)]
      return limits[Number(await runLua(redis, takeScript, keysOf(limits), args)) - 1]
    },
    async renew(limits, token) {
      await runLua(redis, renewScript, keysOf(limits), [token, leaseMs])
    },
    async release(limits, token) {
      const change = redis.multi()
      for (const key of keysOf(limits)) change.zrem(key, token)
      await redisCall('give places back', change.exec())
    },
    holders: async (name) => (await runLua(redis, holdersScript, [keyOf(name)], [])) as string[],
  }
}
