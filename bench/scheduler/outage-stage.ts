import { setTimeout as sleep } from 'node:timers/promises'
import { type BenchRow, row } from '../report.ts'
import type { Platform } from './platform.ts'
import { lostTicks, ticksOf, until } from './schedules.ts'
import type { SteadyReport } from './steady-stage.ts'

interface OutageOptions {
  readonly awayS: number
  readonly aims: boolean
}

/** Redis is gone for a while under all the schedules; afterwards every T is looked for. */
export async function outageRows(
  platform: Platform,
  { entries, sinceMs }: SteadyReport,
  { awayS, aims }: OutageOptions,
): Promise<BenchRow[]> {
  await platform.stopRedis(awayS * 1_000)
  const backMs = Date.now()
  await until(() => isUpToDate(platform, backMs + 5_000), 60_000)
  const ticks = await ticksOf(platform, entries, { fromMs: backMs - 2 * awayS * 1_000, untilMs: Date.now() })
  const starts = ticks.flatMap(({ nominalMs, outcome, lagMs = 0 }) => (outcome === 'run' ? [nominalMs + lagMs] : []))
  const resumed = Math.min(...starts.filter((startMs) => startMs >= backMs))
  const caughtUp = ticks.filter(({ nominalMs }) => nominalMs < backMs && nominalMs > backMs - awayS * 1_000)
  const lastStart = Math.max(...caughtUp.map(({ nominalMs, lagMs = 0 }) => nominalMs + lagMs))
  const lost = await lostTicks(platform, entries, { fromMs: sinceMs, untilMs: backMs })
  const aim = (text: string) => (aims ? text : undefined)
  return [
    row(`first run after Redis was away for ${awayS} s`, (resumed - backMs) / 1_000, 's', aim('<= 3')),
    row('last tick of the outage is begun', (lastStart - backMs) / 1_000, 's'),
    row('ticks without an outcome, all together', lost, 'ticks', aim('<= 0')),
    row('ticks that ran more than once, all together', await doubled(platform), 'ticks', aim('<= 0')),
  ]
}

/** Whether all that was due by then is decided and begun. */
async function isUpToDate({ schedules, redis }: Platform, atMs: number): Promise<boolean> {
  const dueMs = (await schedules.nextDueMs()) ?? Number.POSITIVE_INFINITY
  return dueMs > atMs && (await redis.zcount('{at}:open', '-inf', atMs)) === 0
}

/** The planner is ended, so that all that was begun comes to its end: workers count runs, ticks say how many there were. */
async function doubled({ processes, redis, endedRuns, allRuns }: Platform): Promise<number> {
  await processes.planner.stop()
  for (let i = 0; i < 100 && (await redis.zcard('{at}:open')) > 0; i++) await sleep(100)
  await sleep(500)
  return (await endedRuns()) - (await allRuns())
}
