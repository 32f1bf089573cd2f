/** A stretch of time, its start included and its end not. */
export interface Window {
  readonly startMs: number
  readonly endMs: number
}

/** 1 at the instants that lie in any of the windows, 0 at the others. Instants ascend; windows may lie in any order. */
export function windowRow(windows: readonly Window[], stepsMs: readonly number[]): Float64Array {
  const sorted = windows.toSorted((a, b) => a.startMs - b.startMs)
  const row = new Float64Array(stepsMs.length)
  let next = 0
  let untilMs = Number.NEGATIVE_INFINITY
  for (const [i, atMs] of stepsMs.entries()) {
    for (; next < sorted.length && sorted[next]!.startMs <= atMs; next++) {
      untilMs = Math.max(untilMs, sorted[next]!.endMs)
    }
    if (atMs < untilMs) row[i] = 1
  }
  return row
}
