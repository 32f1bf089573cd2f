import { createHash } from 'node:crypto'
import type { RedisClient } from '../../tasks/cache/redis.ts'
import { redisCall } from './redis-call.ts'

export interface LuaScript {
  readonly source: string
  readonly sha: string
}

export type LuaArgument = string | number | Buffer

export function luaScript(source: string): LuaScript {
  return { source, sha: createHash('sha1').update(source).digest('hex') }
}

/**
 * Sends the hash only; a Redis that was restarted or flushed gets the source once more.
 * @throws REDIS_UNAVAILABLE
 */
export function runLua(
  redis: Pick<RedisClient, 'evalsha' | 'eval'>,
  { source, sha }: LuaScript,
  keys: readonly string[],
  args: readonly LuaArgument[],
): Promise<unknown> {
  const byHash = redis.evalsha(sha, keys.length, ...keys, ...args).catch((error: Error) => {
    if (!error.message.startsWith('NOSCRIPT')) throw error
    return redis.eval(source, keys.length, ...keys, ...args)
  })
  return redisCall('reach Redis', byHash)
}
