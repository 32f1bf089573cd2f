import { z } from 'zod'
import type { RedisClient } from '../../tasks/cache/redis.ts'
import type { Clock } from '../process/clock.ts'

/** What a process tells of itself. */
export interface ProcessInfo {
  /** Unique among all that run. */
  readonly name: string
  readonly role: 'scheduler' | 'forecast' | 'detect'
  readonly version: string
  /** Where its /livez, /readyz and /metrics are. */
  readonly url: string
  readonly startedMs: number
}

export interface SeenProcess extends ProcessInfo {
  readonly seenMs: number
  /** False once it has missed three beats; a process that ended in order is not listed at all. */
  readonly isAlive: boolean
}

const key = '{at}:processes'
const beatMs = 5_000
const deadAfterMs = 3 * beatMs
const forgetAfterMs = 3_600_000

// N reads N-1: an entry of another shape counts as absent
const entry = z.object({
  name: z.string(),
  role: z.enum(['scheduler', 'forecast', 'detect']),
  version: z.string(),
  url: z.string(),
  startedMs: z.number(),
  seenMs: z.number(),
})

/** Beats every 5 s until stopped; a Redis that is away only makes us look dead. */
export async function startHeartbeat(
  redis: RedisClient,
  info: ProcessInfo,
  clock: Clock,
): Promise<{ stop(): Promise<void> }> {
  const beat = async () => {
    await redis.hset(key, info.name, JSON.stringify({ ...info, seenMs: clock.now() })).catch(() => 0)
  }
  await beat()
  const timer = setInterval(() => void beat(), beatMs)
  timer.unref()
  return {
    async stop() {
      clearInterval(timer)
      await redis.hdel(key, info.name).catch(() => 0)
    },
  }
}

/** Oldest first; those that died long ago are dropped on the way. */
export async function readHeartbeats(redis: RedisClient, clock: Clock): Promise<SeenProcess[]> {
  const nowMs = clock.now()
  const entries = Object.entries(await redis.hgetall(key)).map(([name, text]) => ({ name, seen: parseEntry(text) }))
  const gone = entries.filter(({ seen }) => !seen || nowMs - seen.seenMs > forgetAfterMs).map(({ name }) => name)
  if (gone.length > 0) await redis.hdel(key, ...gone)
  return entries
    .flatMap(({ name, seen }) => (seen && !gone.includes(name) ? [seen] : []))
    .map((seen) => ({ ...seen, isAlive: nowMs - seen.seenMs <= deadAfterMs }))
    .sort((a, b) => a.startedMs - b.startedMs || (a.name < b.name ? -1 : 1))
}

function parseEntry(text: string): z.output<typeof entry> | undefined {
  try {
    return entry.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
