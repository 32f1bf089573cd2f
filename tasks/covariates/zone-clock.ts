/** Wall-clock time of a zone. Its instants are written as if they were UTC: `Date.UTC` of what the clock shows. */
export interface ZoneClock {
  wallMs(atMs: number): number
  /** When the clock shows that; what it skips is the instant after as much of the skipped hour, of two the first. */
  instantOf(wallMs: number): number
}

/** Transitions lie on whole quarters of an hour, in every zone since 1972. */
const quarterMs = 900_000
const dayMs = 86_400_000

const clocks = new Map<string, ZoneClock>()
const maxClocks = 100

/** @throws RangeError when there is no such zone. */
export function zoneClock(timeZone: string): ZoneClock {
  const known = clocks.get(timeZone)
  if (known) return known
  const clock = createClock(timeZone)
  if (clocks.size >= maxClocks) clocks.clear()
  clocks.set(timeZone, clock)
  return clock
}

function createClock(timeZone: string): ZoneClock {
  const parts = ['year', 'month', 'day', 'hour', 'minute', 'second'] as const
  const format = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone, calendar: 'iso8601', numberingSystem: 'latn', hourCycle: 'h23' },
    ...Object.fromEntries(parts.map((part) => [part, 'numeric'])),
  })
  const readOffset = (atMs: number): number => {
    const shown = Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]))
    const [year = 0, month = 1, ...rest] = parts.map((part) => shown[part] ?? 0)
    return Date.UTC(year, month - 1, ...rest) - atMs
  }
  // one quarter is asked for by every step within it, and the next one likely has the same offset as this
  const offsets = new Map<number, number>()
  const offset = (atMs: number): number => {
    const quarter = Math.floor(atMs / quarterMs)
    const found = offsets.get(quarter)
    if (found !== undefined) return found
    const read = readOffset(quarter * quarterMs)
    if (offsets.size > 100_000) offsets.clear()
    offsets.set(quarter, read)
    return read
  }
  return {
    wallMs: (atMs) => atMs + offset(atMs),
    instantOf(wallMs) {
      // a zone changes its clock by less than a day, and not twice in two
      const before = wallMs - offset(wallMs - dayMs)
      const after = wallMs - offset(wallMs + dayMs)
      const isShown = (atMs: number) => atMs + offset(atMs) === wallMs
      return isShown(before) || !isShown(after) ? before : after
    },
  }
}
