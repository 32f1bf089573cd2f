import { setTimeout as sleep } from 'node:timers/promises'
import { type BenchRow, row } from '../report.ts'
import type { Platform } from './platform.ts'
import { idsOf, lagsOf, percentile, register, ticksOf, until } from './schedules.ts'
import { cpuOf } from './usage.ts'

/** Schedules that are all due once, in the same second. */
export async function herdRows(
  platform: Platform,
  { herd, aims }: { readonly herd: number; readonly aims: boolean },
): Promise<BenchRow[]> {
  const dueMs = Math.ceil(Date.now() / 1_000) * 1_000 + 10_000
  const entries = await register(platform, idsOf(`herd-${herd}`, herd), { at: [new Date(dueMs).toISOString()] })
  if (Date.now() >= dueMs) throw new Error(`${herd} schedules could not be registered in time`)
  const endedBefore = await platform.endedRuns()
  await sleep(dueMs - Date.now())
  const before = cpuOf(platform)
  // seldom: the worker makes its metrics anew for each question
  await until(async () => (await platform.endedRuns()) - endedBefore >= herd, 60_000, 500)
  const cpuRows = cpuOf(platform).map(({ name, seconds }, i) =>
    row(`CPU of the ${name} for each of them`, ((seconds - before[i]!.seconds) * 1_000) / herd, 'ms'),
  )
  const lags = lagsOf(await ticksOf(platform, entries, { fromMs: dueMs - 1, untilMs: dueMs }))
  return [
    row(`start lag p50, ${herd} due in one second`, percentile(lags, 50), 's'),
    row(`start lag p99, ${herd} due in one second`, percentile(lags, 99), 's', aims ? '< 2' : undefined),
    ...cpuRows,
    row('their runs', lags.length, 'runs', aims ? `>= ${herd}` : undefined),
  ]
}
