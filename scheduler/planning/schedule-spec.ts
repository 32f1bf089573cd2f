import { createHash } from 'node:crypto'
import { cronNext, cronPrevious } from '../../models/cron.ts'
import type { StepRange } from '../../models/series.ts'
import { longestCronGapMs } from './cron-gap.ts'
import type { ScheduleSpec } from './types.ts'

/** Smallest T after `afterMs`; undefined when the schedule has ended. */
export function nextTick(spec: ScheduleSpec, afterMs: number): number | undefined {
  if (spec.kind === 'cron') return cronNext(spec, afterMs)
  return lastMultiple(spec, afterMs) + spec.everyMs
}

/** Largest T at or before `atMs`; undefined when there was none. */
export function previousTick(spec: ScheduleSpec, atMs: number): number | undefined {
  return spec.kind === 'cron' ? cronPrevious(spec, atMs) : lastMultiple(spec, atMs)
}

function lastMultiple({ everyMs, phaseMs }: { everyMs: number; phaseMs: number }, atMs: number): number {
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

/** Longest distance between two T's in the year from `fromMs` on, changes of the clocks included. */
export function longestGapMs(spec: ScheduleSpec, fromMs: number): number {
  return spec.kind === 'cron' ? longestCronGapMs(spec, fromMs) : spec.everyMs
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
