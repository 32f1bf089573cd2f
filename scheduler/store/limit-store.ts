import type { RedisClient } from '../../tasks/cache/redis.ts'
import { luaScript, runLua } from './lua.ts'

/** How many runs of a kind may be at work at once, on all workers together. */
export interface Limit {
  /** As `flow:forecast`, `tenant:red`, `datasource:main`. */
  readonly name: string
  readonly most: number
}

/** Who asks for places. */
export interface Holder {
  /** Run id: each run counts once. */
  readonly token: string
  readonly worker: string
}

/** A place that is taken. */
export interface HeldPlace {
  readonly token: string
  /** Until it is free, unless it is renewed before. */
  readonly leaseLeftMs: number
  /** Absent where nobody knows any more: Redis was away for longer than a lease. */
  readonly sinceMs?: number
  readonly worker?: string
}

/**
 * Leases: a holder that dies gives its place back when its lease has run out. The clock is that of Redis, so that
 * workers whose clocks differ agree.
 */
export interface LimitStore {
  /** All of them or none; the first that is full, undefined when the holder has them all. */
  take(limits: readonly Limit[], holder: Holder): Promise<Limit | undefined>
  /**
   * Places whose lease has run out are taken again, even above the limit: their run is at work. Those that were freed
   * by hand are not.
   */
  renew(limits: readonly Limit[], holder: Holder): Promise<void>
  /** Nothing, where another worker has the run by now. */
  release(limits: readonly Limit[], holder: Holder): Promise<void>
  /** Frees a place whoever holds it; false when there is none. */
  free(name: string, token: string): Promise<boolean>
  /** Longest lease first. */
  places(name: string): Promise<HeldPlace[]>
  /** Places that are taken, limit by limit. */
  inUse(names: readonly string[]): Promise<number[]>
}

const keyOf = (name: string): string => `{at}:limit:${name}`

/** Beside the set of leases: a hash of since and worker, and a set of the tokens that were freed by hand. */
const sharedLua = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function held(key) return key .. ':held' end
local function freed(key) return key .. ':freed' end
local function extend(key, token, lease)
  redis.call('ZADD', key, now + lease, token)
  redis.call('PEXPIRE', key, lease)
  redis.call('PEXPIRE', held(key), lease)
end
local function drop(key, token)
  redis.call('HDEL', held(key), token)
  return redis.call('ZREM', key, token)
end
`

/** KEYS: limits. ARGV: token, worker, lease in ms, then the most of each. Answers 0, or which one is full. */
const takeScript = luaScript(`${sharedLua}
for i, key in ipairs(KEYS) do
  for _, token in ipairs(redis.call('ZRANGEBYSCORE', key, '-inf', now)) do drop(key, token) end
  if not redis.call('ZSCORE', key, ARGV[1]) and redis.call('ZCARD', key) >= tonumber(ARGV[3 + i]) then return i end
end
for _, key in ipairs(KEYS) do
  redis.call('HSET', held(key), ARGV[1], now .. ' ' .. ARGV[2])
  redis.call('SREM', freed(key), ARGV[1])
  extend(key, ARGV[1], ARGV[3])
end
return 0`)

/** KEYS: limits. ARGV: token, lease in ms. */
const renewScript = luaScript(`${sharedLua}
for _, key in ipairs(KEYS) do
  if redis.call('SISMEMBER', freed(key), ARGV[1]) == 1 then
    redis.call('PEXPIRE', freed(key), 2 * ARGV[2])
  else
    extend(key, ARGV[1], ARGV[2])
  end
end
return 0`)

/** KEYS: limits. ARGV: token, worker. */
const releaseScript = luaScript(`${sharedLua}
for _, key in ipairs(KEYS) do
  local by = redis.call('HGET', held(key), ARGV[1])
  if not by or string.sub(by, string.find(by, ' ') + 1) == ARGV[2] then drop(key, ARGV[1]) end
  redis.call('SREM', freed(key), ARGV[1])
end
return 0`)

/** KEYS: limit. ARGV: token, lease in ms. */
const freeScript = luaScript(`${sharedLua}
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if drop(KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('SADD', freed(KEYS[1]), ARGV[1])
redis.call('PEXPIRE', freed(KEYS[1]), 2 * ARGV[2])
return tonumber(score) > now and 1 or 0`)

/** KEYS: limit. Answers token, rest of the lease, and since and worker or '', for each. */
const placesScript = luaScript(`${sharedLua}
local answer = {}
local leases = redis.call('ZREVRANGEBYSCORE', KEYS[1], '+inf', '(' .. now, 'WITHSCORES')
for i = 1, #leases, 2 do
  local by = redis.call('HGET', held(KEYS[1]), leases[i]) or ''
  answer[#answer + 1] = { leases[i], leases[i + 1] - now, by }
end
return answer`)

/** KEYS: limits. */
const inUseScript = luaScript(`${sharedLua}
local answer = {}
for i, key in ipairs(KEYS) do answer[i] = redis.call('ZCOUNT', key, '(' .. now, '+inf') end
return answer`)

export function createLimitStore(redis: RedisClient, leaseMs: number): LimitStore {
  const keysOf = (limits: readonly Limit[]) => limits.map(({ name }) => keyOf(name))
  return {
    async take(limits, { token, worker }) {
      const args = [token, worker, leaseMs, ...limits.map(({ most }) => most)]
      return limits[Number(await runLua(redis, takeScript, keysOf(limits), args)) - 1]
    },
    async renew(limits, { token }) {
      await runLua(redis, renewScript, keysOf(limits), [token, leaseMs])
    },
    async release(limits, { token, worker }) {
      await runLua(redis, releaseScript, keysOf(limits), [token, worker])
    },
    free: async (name, token) => (await runLua(redis, freeScript, [keyOf(name)], [token, leaseMs])) === 1,
    async places(name) {
      const places = (await runLua(redis, placesScript, [keyOf(name)], [])) as [string, number, string][]
      return places.map(([token, leaseLeftMs, by]) => ({ token, leaseLeftMs, ...heldBy(by) }))
    },
    async inUse(names) {
      return names.length === 0 ? [] : ((await runLua(redis, inUseScript, names.map(keyOf), [])) as number[])
    },
  }
}

function heldBy(text: string): Pick<HeldPlace, 'sinceMs' | 'worker'> {
  const space = text.indexOf(' ')
  return space < 0 ? {} : { sinceMs: Number(text.slice(0, space)), worker: text.slice(space + 1) }
}
