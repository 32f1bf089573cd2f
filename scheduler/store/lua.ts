import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'

export interface LuaScript {
  readonly source: string
  readonly sha: string
}

export type LuaArgument = string | number | Buffer

export function luaScript(source: string): LuaScript {
  return { source, sha: createHash('sha1').update(source).digest('hex') }
}

/** Sends the hash only; a Redis that was restarted or flushed gets the source once more. */
export async function runLua(
  redis: Redis,
  { source, sha }: LuaScript,
  keys: readonly string[],
  args: readonly LuaArgument[],
): Promise<unknown> {
  try {
    return await redis.evalsha(sha, keys.length, ...keys, ...args)
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
    return redis.eval(source, keys.length, ...keys, ...args)
  }
}
