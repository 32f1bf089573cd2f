import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { phaseMs } from '../../scheduler/planning/schedule-spec.ts'
import { startRedis } from '../../scheduler/stack/servers.ts'
import { type BenchRow, row } from '../report.ts'
import { idsOf, inGroups, percentile } from './schedules.ts'
import type { SteadyOptions } from './steady-stage.ts'
import { cpuSeconds, redisMb } from './usage.ts'

const minuteMs = 60_000

/** The same number of schedules at the same instants, made by BullMQ's job schedulers: one process works and schedules. */
export async function bullRows({ count, seconds }: Omit<SteadyOptions, 'aims'>): Promise<BenchRow[]> {
  const dir = mkdtempSync(join(tmpdir(), 'anomaly-times-bench-'))
  const server = await startRedis({ dir })
  const redis = new Redis(server.url, { maxRetriesPerRequest: null })
  const queue = new Queue('bench', { connection: redis })
  const worker = fork(fileURLToPath(new URL('./bull-worker.js', import.meta.url)), [server.url])
  try {
    await once(worker, 'message')
    const emptyMb = await redisMb(redis)
    await inGroups(idsOf('bull', count), (id) =>
      queue.upsertJobScheduler(id, {
        every: minuteMs,
        offset: phaseMs({ id: `default/${id}`, everyMs: minuteMs, stepMs: 1_000 }),
      }),
    )
    const registeredMb = (await redisMb(redis)) - emptyMb
    await sleep(5_000)
    const pids = [worker.pid ?? 0, server.pid]
    const before = pids.map(cpuSeconds)
    worker.send('begin')
    await sleep(seconds * 1_000)
    const [lags] = (await Promise.all([once(worker, 'message'), worker.send('end')]))[0] as [number[]]
    const after = pids.map(cpuSeconds)
    const thousands = count / 1_000
    const cpu = (i: number) => ((after[i]! - before[i]!) * 60) / seconds / thousands
    return [
      row('BullMQ job schedulers: start lag p50', percentile(lags, 50) / 1_000, 's'),
      row('BullMQ job schedulers: start lag p99', percentile(lags, 99) / 1_000, 's'),
      row('BullMQ: CPU of the worker a minute, per 1,000 schedules', cpu(0), 's'),
      row('BullMQ: CPU of Redis a minute, per 1,000 schedules', cpu(1), 's'),
      row('BullMQ: Redis memory per 1,000 schedules, registered', registeredMb / thousands, 'MB'),
      row('BullMQ: Redis memory per 1,000 schedules, at work', ((await redisMb(redis)) - emptyMb) / thousands, 'MB'),
    ]
  } finally {
    worker.kill()
    await queue.close()
    redis.disconnect()
    await server.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}
