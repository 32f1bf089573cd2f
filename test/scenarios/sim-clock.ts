import type { Clock } from '../../scheduler/process/clock.ts'

/** A clock that stands still until it is told the time. */
export interface SimClock extends Clock {
  set(ms: number): void
}

export function simClock(startMs: number): SimClock {
  let nowMs = startMs
  return {
    now: () => nowMs,
    set(ms) {
      nowMs = ms
    },
  }
}
