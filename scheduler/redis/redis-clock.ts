import type { Redis } from 'ioredis'
import type { Clock } from '../process/clock.ts'

export interface RedisClock extends Clock {
  close(): void
}

/**
 * Redis' clock, carried on by this process' monotonic one: all replicas agree on what is due, and a step of the wall
 * clock here changes nothing. While Redis is away it runs on.
 */
export async function redisClock(redis: Pick<Redis, 'time'>, { everyMs = 10_000 } = {}): Promise<RedisClock> {
  let anchorMs = 0
  let tickedMs = 0
  const sync = async () => {
    const sentMs = performance.now()
    const [seconds, micros] = await redis.time()
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
