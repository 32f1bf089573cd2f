export interface LatenessOptions {
  /** Once when schedules begin to wait for longer than they should. */
  readonly onLate?: (waitedMs: number) => void
  /** Once when they do not any more, with the longest that one had waited. */
  readonly onPunctual?: (longestMs: number) => void
}

/** Longer waits are told. A change of the leader takes half of it. */
const lateMs = 10_000

/** Told at each pass when the most overdue schedule was due, it tells where an episode of being late begins and ends. */
export function watchLateness({ onLate, onPunctual }: LatenessOptions): (waitedMs: number) => void {
  let longestMs: number | undefined
  return (waitedMs) => {
    if (waitedMs > lateMs) {
      if (longestMs === undefined) onLate?.(waitedMs)
      longestMs = Math.max(longestMs ?? 0, waitedMs)
    } else if (longestMs !== undefined) {
      onPunctual?.(longestMs)
      longestMs = undefined
    }
  }
}
