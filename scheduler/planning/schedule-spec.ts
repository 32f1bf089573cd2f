import { createHash } from 'node:crypto'
import { cronNext, cronPrevious } from '../../models/cron.ts'
import type { StepRange } from '../../models/series.ts'
import { longestCronGapMs } from './cron-gap.ts'
import type { IntervalTimes, ScheduleSpec, ScheduleTimes } from './types.ts'

/** Smallest T after `afterMs`; undefined when the schedule has ended. */
export function nextTick(spec: ScheduleSpec, afterMs: number): number | undefined {
  const { startMs = Number.NEGATIVE_INFINITY, endMs = Number.POSITIVE_INFINITY } = spec
  // the instant before the start: T may be the start itself
  let fromMs = Math.max(afterMs, startMs - 1)
  for (;;) {
    const tickMs = nextTime(spec, fromMs)
    if (tickMs === undefined || tickMs > endMs) return undefined
    const excluded = exclusionAt(spec, tickMs)
    if (!excluded) return tickMs
    fromMs = excluded.untilMs - 1
  }
}

/** Largest T at or before `atMs`; undefined when there was none. */
export function previousTick(spec: ScheduleSpec, atMs: number): number | undefined {
  const { startMs = Number.NEGATIVE_INFINITY, endMs = Number.POSITIVE_INFINITY } = spec
  let untilMs = Math.min(atMs, endMs)
  for (;;) {
    const tickMs = previousTime(spec, untilMs)
    if (tickMs === undefined || tickMs < startMs) return undefined
    const excluded = exclusionAt(spec, tickMs)
    if (!excluded) return tickMs
    untilMs = excluded.fromMs - 1
  }
}

function exclusionAt({ exclude = [] }: ScheduleSpec, ms: number): StepRange | undefined {
  return exclude.find(({ fromMs, untilMs }) => fromMs <= ms && ms < untilMs)
}

function nextTime(times: ScheduleTimes, afterMs: number): number | undefined {
  if (times.kind === 'cron') return cronNext(times, afterMs)
  if (times.kind === 'at') return times.atMs.find((ms) => ms > afterMs)
  return lastMultiple(times, afterMs) + times.everyMs
}

function previousTime(times: ScheduleTimes, atMs: number): number | undefined {
  if (times.kind === 'cron') return cronPrevious(times, atMs)
  if (times.kind === 'at') return times.atMs.findLast((ms) => ms <= atMs)
  return lastMultiple(times, atMs)
}

function lastMultiple({ everyMs, phaseMs }: IntervalTimes, atMs: number): number {
  return Math.floor((atMs - phaseMs) / everyMs) * everyMs + phaseMs
}

/** Every T with `fromMs < T <= untilMs`, oldest first. The caller bounds the range. */
export function ticksBetween(spec: ScheduleSpec, { fromMs, untilMs }: StepRange): number[] {
  const ticks: number[] = []
  let tick = nextTick(spec, fromMs)
  while (tick !== undefined && tick <= untilMs) {
    ticks.push(tick)
    tick = nextTick(spec, tick)
  }
  return ticks
}

/** Longest distance between two times in the year from `fromMs` on, changes of the clocks included, bounds left out. */
export function longestGapMs(spec: ScheduleTimes, fromMs: number): number {
  if (spec.kind === 'cron') return longestCronGapMs(spec, fromMs)
  if (spec.kind === 'every') return spec.everyMs
  return Math.max(0, ...spec.atMs.slice(1).map((ms, i) => ms - spec.atMs[i]!))
}

/**
 * Where an interval schedule lies on the clock: a stable hash of its id, a multiple of `stepMs` below `everyMs`.
 * Hourly runs on a 5 m grid spread over the hour; a minutely run on a 1 m grid stays on the minute.
 */
export function phaseMs({ id, everyMs, stepMs }: { id: string; everyMs: number; stepMs: number }): number {
  const slots = Math.max(1, Math.floor(everyMs / stepMs))
  return (stableHash(id) % slots) * stepMs
}

/** Where a start lies within `spreadMs`, the same for every T, so that T's distance and the starts' stay alike. */
export function startDelayMs(id: string, spreadMs: number): number {
  return spreadMs > 0 ? stableHash(`start ${id}`) % spreadMs : 0
}

function stableHash(text: string): number {
  return createHash('sha256').update(text).digest().readUIntBE(0, 6)
}
