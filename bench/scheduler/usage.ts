import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'
import type { Platform } from './platform.ts'

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

export function cpuOf({ processes, redisPid }: Pick<Platform, 'processes' | 'redisPid'>) {
  const pids = { scheduler: processes.planner.pid, worker: processes.worker.pid, Redis: redisPid() }
  return Object.entries(pids).map(([name, pid]) => ({ name, seconds: cpuSeconds(pid) }))
}

/** What Redis' data take. */
export async function redisMb(redis: Redis): Promise<number> {
  const [, bytes] = /^used_memory:(\d+)/m.exec(await redis.info('memory')) ?? []
  return Number(bytes) / 2 ** 20
}
