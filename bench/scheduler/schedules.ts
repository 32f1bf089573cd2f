import { setTimeout as sleep } from 'node:timers/promises'
import type { StepRange } from '../../models/series.ts'
import { ticksBetween } from '../../scheduler/planning/schedule-spec.ts'
import type { ScheduleDocument } from '../../scheduler/schedules/document.ts'
import { resolveSchedule } from '../../scheduler/schedules/resolve.ts'
import type { ScheduleEntry } from '../../scheduler/store/ticks/stored-schedule.ts'
import type { TickRecord } from '../../scheduler/store/ticks/tick-store.ts'
import type { Platform } from './platform.ts'

const atOnce = 200

export async function inGroups<Item, Done>(
  items: readonly Item[],
  work: (item: Item) => Promise<Done>,
): Promise<Done[]> {
  const done: Done[] = []
  for (let i = 0; i < items.length; i += atOnce) done.push(...(await Promise.all(items.slice(i, i + atOnce).map(work))))
  return done
}

export const idsOf = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}-${i}`)

/** Schedules of their own, with starts that are not spread. */
export function register(
  { schedules }: Platform,
  ids: readonly string[],
  spec: ScheduleDocument['spec'],
): Promise<ScheduleEntry[]> {
  return inGroups(ids, async (id) => {
    const nowMs = Date.now()
    const entry = resolveSchedule('default', { id, flow: 'noop', spec, policy: { startSpread: '0s' } }, { nowMs })
    await schedules.upsertSchedule(entry, nowMs)
    return entry
  })
}

/** What became of the T's of a range. */
export async function ticksOf(
  { ticks }: Platform,
  entries: readonly ScheduleEntry[],
  range: StepRange,
): Promise<TickRecord[]> {
  return (await inGroups(entries, (entry) => ticks.list(entry, range))).flat()
}

/** T's of the range that have no outcome. */
export async function lostTicks(
  { ticks }: Platform,
  entries: readonly ScheduleEntry[],
  range: StepRange,
): Promise<number> {
  const lost = await inGroups(entries, async (entry) => {
    const known = new Set((await ticks.list(entry, range)).map(({ nominalMs }) => nominalMs))
    return ticksBetween(entry.spec, range).filter((nominalMs) => !known.has(nominalMs)).length
  })
  return lost.reduce((sum, count) => sum + count, 0)
}

/** From T to the start of its run, in seconds. */
export const lagsOf = (ticks: readonly TickRecord[]): number[] =>
  ticks.flatMap(({ outcome, lagMs }) => (outcome === 'run' && lagMs !== undefined ? [lagMs / 1_000] : []))

/** NaN of none. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? Number.NaN
}

/** Waits until it says yes, and no longer than this; whoever asked then measures what there is. */
export async function until(isSo: () => Promise<boolean>, withinMs: number, everyMs = 100): Promise<void> {
  const deadlineMs = performance.now() + withinMs
  while (performance.now() < deadlineMs && !(await isSo())) await sleep(everyMs)
}
