import type { RedisClient } from '../../tasks/cache/redis.ts'
import type { Clock } from '../process/clock.ts'
import { luaScript, runLua } from '../store/lua.ts'
import { keys } from '../store/ticks/schedule-keys.ts'

export interface RedisClock extends Clock {
  close(): void
}

/** By a key, so that all replicas ask the same node of a cluster. */
const timeScript = luaScript(`return redis.call('TIME')`)

/**
 * Redis' clock, carried on by this process' monotonic one: all replicas agree on what is due, and a step of the wall
 * clock here changes nothing. While Redis is away it runs on.
 */
export async function redisClock(
  redis: Pick<RedisClient, 'evalsha' | 'eval'>,
  { everyMs = 10_000 } = {},
): Promise<RedisClock> {
  let anchorMs = 0
  let tickedMs = 0
  const sync = async () => {
    const sentMs = performance.now()
    const [seconds, micros] = (await runLua(redis, timeScript, [keys.due], [])) as [string, string]
    const receivedMs = performance.now()
    anchorMs = Number(seconds) * 1_000 + Number(micros) / 1_000
    tickedMs = (sentMs + receivedMs) / 2
  }
  await sync()
  const timer = setInterval(() => void sync().catch(() => undefined), everyMs)
  timer.unref()
  return {
    now: () => Math.floor(anchorMs + performance.now() - tickedMs),
    close: () => clearInterval(timer),
  }
}
