import type { Redis } from 'ioredis'
import { createTickStore } from '../../scheduler/store/ticks/tick-store.ts'
import { type BenchRow, row } from '../report.ts'
import { idsOf, inGroups } from './schedules.ts'
import { redisMb } from './usage.ts'

const minuteMs = 60_000
const ticksADay = 1_440

/** Whole days of minutely ticks, written one by one by the script that workers use. */
export async function tickMemoryRows(
  redis: Redis,
  schedules: number,
): Promise<{ readonly rows: readonly BenchRow[]; readonly mbPerMillion: number }> {
  const ticks = createTickStore(redis)
  const ids = idsOf('history', schedules)
  const startMs = Math.floor(Date.now() / (ticksADay * minuteMs)) * ticksADay * minuteMs
  const beforeMb = await redisMb(redis)
  for (let minute = 0; minute < ticksADay; minute++)
    await inGroups(ids, (id) => {
      const nominalMs = startMs + minute * minuteMs
      return ticks.record(
        { tenant: 'default', id, flow: 'detect' },
        { nominalMs, outcome: 'run', reason: 'on_time', lagMs: 40 },
      )
    })
  const mbPerMillion = ((await redisMb(redis)) - beforeMb) / ((schedules * ticksADay) / 1_000_000)
  return { mbPerMillion, rows: [row('Redis memory per million ticks', mbPerMillion, 'MB')] }
}
