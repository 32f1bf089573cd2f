import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'

/** Of Linux, on every machine of today. */
const ticksPerSecond = 100

/** CPU time of a process; NaN where there is no /proc. */
export function cpuSeconds(pid: number): number {
  try {
    // the name in parentheses may hold blanks
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
  } catch {
    return Number.NaN
  }
}

/** What Redis' data take. */
export async function redisMb(redis: Redis): Promise<number> {
  const [, bytes] = /^used_memory:(\d+)/m.exec(await redis.info('memory')) ?? []
  return Number(bytes) / 2 ** 20
}
