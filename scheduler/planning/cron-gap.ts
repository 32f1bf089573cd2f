import { type CronSpec, cronNext, cronPrevious, zoneOffsetMs } from '../../models/cron.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
/** The answer is the same within one block, so that it is computed once per block and expression. */
const blockMs = 28 * dayMs
const yearMs = 366 * dayMs

/** Ticks that are looked at for the shortest distance. */
const sampledTicks = 10

/** Longest distance between two instants of a cron schedule within a year from `fromMs`; one minute at least. */
export const longestCronGapMs = oncePerBlock((spec, startMs) => measure(spec, startMs, startMs + blockMs + yearMs))

/** Shortest distance as far as the next ten instants tell; undefined when there are no two. */
export const shortestCronGapMs = oncePerBlock((spec, startMs) => {
  let shortest: number | undefined
  let tick = cronNext(spec, startMs)
  for (let i = 0; i < sampledTicks && tick !== undefined; i++) {
    const next = cronNext(spec, tick)
    if (next !== undefined) shortest = Math.min(shortest ?? next - tick, next - tick)
    tick = next
  }
  return shortest
})

function oncePerBlock<Gap>(measureGap: (spec: CronSpec, startMs: number) => Gap) {
  const known = new Map<string, Gap>()
  return (spec: CronSpec, fromMs: number): Gap => {
    const startMs = Math.floor(fromMs / blockMs) * blockMs
    const key = `${spec.timeZone}|${spec.cron}|${spec.dst}|${startMs}`
    const found = known.get(key)
    if (found !== undefined) return found
    if (known.size >= 5_000) known.clear()
    const gapMs = measureGap(spec, startMs)
    known.set(key, gapMs)
    return gapMs
  }
}

/**
 * Listing a year of a minutely schedule takes the engine half a minute. But a schedule whose gaps are all shorter than
 * a day is due every day at the same local times, so one day and the hours around each change of the clocks tell all.
 */
function measure(spec: CronSpec, fromMs: number, untilMs: number): number {
  const coarseMs = 20 * hourMs
  const coarse = walk(spec, fromMs, untilMs, coarseMs)
  if (coarse >= coarseMs) return coarse
  const changes = clockChanges(spec.timeZone, fromMs, untilMs)
  const plainMs = plainDay(changes, fromMs)
  const gaps = changes.map((changeMs) => walk(spec, changeMs - hourMs, changeMs + 2 * hourMs, minuteMs))
  return Math.max(minuteMs, coarse, walk(spec, plainMs, plainMs + 26 * hourMs, minuteMs), ...gaps)
}

/** Finds every gap longer than `leastMs`: one that begins at a tick and is longer than M spans that tick + M. */
function walk(spec: CronSpec, fromMs: number, untilMs: number, leastMs: number): number {
  let longest = 0
  let at = fromMs
  while (at < untilMs) {
    const next = cronNext(spec, at)
    if (next === undefined) break
    const previous = cronPrevious(spec, at)
    if (previous !== undefined) longest = Math.max(longest, next - previous)
    at = next + Math.max(longest, leastMs)
  }
  return longest
}

/** Instants, to the minute, at which the zone's offset changes. */
function clockChanges(timeZone: string, fromMs: number, untilMs: number): number[] {
  const offset = (ms: number) => zoneOffsetMs(timeZone, ms)
  const changes: number[] = []
  for (let day = fromMs; day < untilMs; day += dayMs) {
    let low = day
    let high = day + dayMs
    if (offset(low) === offset(high)) continue
    while (high - low > minuteMs) {
      const middle = low + Math.floor((high - low) / 2 / minuteMs) * minuteMs
      if (offset(middle) === offset(low)) low = middle
      else high = middle
    }
    changes.push(high)
  }
  return changes
}

/** Start of 26 hours that lie clear of every change of the clocks. */
function plainDay(changes: readonly number[], fromMs: number): number {
  let startMs = fromMs
  while (changes.some((changeMs) => Math.abs(changeMs - startMs) <= 2 * dayMs)) startMs += dayMs
  return startMs
}
