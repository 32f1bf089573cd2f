import type { RedisClient } from '../../tasks/cache/redis.ts'
import { luaScript, runLua } from '../store/lua.ts'
import { keys } from '../store/ticks/schedule-keys.ts'

/** Who leads. A replica knows by its own clock until when it does, also while Redis does not answer. */
export interface Lease {
  /** Takes or keeps the lease, unless it is another's. */
  hold(): Promise<void>
  isHeld(): boolean
  release(): Promise<void>
}

const holdScript = luaScript(`
local is = redis.call('GET', KEYS[1])
if is and is ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`)

const releaseScript = luaScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`)

export function plannerLease(redis: RedisClient, { owner, ttlMs }: { owner: string; ttlMs: number }): Lease {
  let heldUntilMs = Number.NEGATIVE_INFINITY
  return {
    async hold() {
      const sentMs = performance.now()
      const isOurs = (await runLua(redis, holdScript, [keys.lease], [owner, ttlMs])) === 1
      heldUntilMs = isOurs ? sentMs + ttlMs : Number.NEGATIVE_INFINITY
    },
    isHeld: () => performance.now() < heldUntilMs,
    async release() {
      heldUntilMs = Number.NEGATIVE_INFINITY
      await runLua(redis, releaseScript, [keys.lease], [owner])
    },
  }
}
