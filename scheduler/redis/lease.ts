import type { Redis } from 'ioredis'
import { luaScript, runLua } from '../store/lua.ts'
import { keys } from '../store/ticks/schedule-keys.ts'

/** Who leads. The token grows with every change of the holder, so that what an old one says can be told apart. */
export interface Lease {
  /** Takes or keeps the lease; the token while it is ours, undefined while it is another's. */
  hold(): Promise<number | undefined>
  release(): Promise<void>
}

const holdScript = luaScript(`
local is = redis.call('GET', KEYS[1])
if is and is ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if is then return tonumber(redis.call('GET', KEYS[2]) or 1) end
return redis.call('INCR', KEYS[2])`)

const releaseScript = luaScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`)

export function plannerLease(redis: Redis, { owner, ttlMs }: { owner: string; ttlMs: number }): Lease {
  return {
    hold: async () =>
      Number(await runLua(redis, holdScript, [keys.lease, keys.leaseToken], [owner, ttlMs])) || undefined,
    release: async () => {
      await runLua(redis, releaseScript, [keys.lease], [owner])
    },
  }
}
