import { setTimeout as sleep } from 'node:timers/promises'
import type { ScheduleEntry } from '../../scheduler/store/ticks/stored-schedule.ts'
import { type BenchRow, row } from '../report.ts'
import type { Platform } from './platform.ts'
import { idsOf, lagsOf, percentile, register, ticksOf } from './schedules.ts'
import { cpuOf, redisMb } from './usage.ts'

export interface SteadyOptions {
  readonly count: number
  readonly seconds: number
  readonly aims: boolean
}

export interface SteadyReport {
  readonly rows: readonly BenchRow[]
  /** They go on. */
  readonly entries: readonly ScheduleEntry[]
  /** First instant of which every T should have an outcome. */
  readonly sinceMs: number
  /** All that Redis holds at the end. */
  readonly memoryMb: number
}

/** Each once a minute, spread over it by their ids. */
export async function steadyRows(platform: Platform, { count, seconds, aims }: SteadyOptions): Promise<SteadyReport> {
  const emptyMb = await redisMb(platform.redis)
  const entries = await register(platform, idsOf('steady', count), { every: '1m' })
  const registeredMb = (await redisMb(platform.redis)) - emptyMb
  const sinceMs = Date.now()
  await sleep(5_000)
  const fromMs = Date.now()
  const before = cpuOf(platform)
  await sleep(seconds * 1_000)
  const range = { fromMs, untilMs: Date.now() }
  const after = cpuOf(platform)
  const memoryMb = await redisMb(platform.redis)
  await sleep(3_000)
  const lags = lagsOf(await ticksOf(platform, entries, range))
  const perThousand = (value: number) => value / (count / 1_000)
  const cpuRows = after.map((spent, i) => {
    const perMinute = ((spent.seconds - before[i]!.seconds) * 60) / seconds
    return row(`CPU of the ${spent.name} a minute, per 1,000 schedules`, perThousand(perMinute), 's')
  })
  return {
    ...{ entries, sinceMs, memoryMb },
    rows: [
      row(`start lag p50, ${count} schedules at one minute`, percentile(lags, 50), 's'),
      row('start lag p99', percentile(lags, 99), 's', aims ? '< 2' : undefined),
      row('start lag, longest', percentile(lags, 100), 's'),
      ...cpuRows,
      row('Redis memory per 1,000 schedules, registered', perThousand(registeredMb), 'MB'),
      row('Redis memory per 1,000 schedules, at work', perThousand(memoryMb - emptyMb), 'MB'),
    ],
  }
}
