import { describe, expect, test } from 'vitest'
import { cronNext } from '../../../models/cron.ts'
import { longestCronGapMs, shortestCronGapMs } from '../../../scheduler/planning/cron-gap.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
const fromMs = Date.parse('2026-11-24T00:00:00Z')

test.each([
  { cron: '* * * * *', timeZone: 'UTC', gapMs: minuteMs },
  { cron: '*/10 * * * * *', timeZone: 'UTC', gapMs: minuteMs },
  { cron: '*/7 * * * *', timeZone: 'UTC', gapMs: 7 * minuteMs },
  { cron: '0 * * * *', timeZone: 'Europe/Berlin', gapMs: hourMs },
  { cron: '0 */2 * * *', timeZone: 'UTC', gapMs: 2 * hourMs },
  // 02:00 is skipped in spring, and comes twice in autumn: 02:00 again to 04:00 is two hours, 00:00 to the second 02:00 three
  { cron: '0 */2 * * *', timeZone: 'Europe/Berlin', gapMs: 3 * hourMs },
  { cron: '0 3 * * *', timeZone: 'UTC', gapMs: dayMs },
  { cron: '0 3 * * *', timeZone: 'Europe/Berlin', gapMs: 25 * hourMs },
  { cron: '0 3 * * *', timeZone: 'America/New_York', gapMs: 25 * hourMs },
  { cron: '0 3 * * *', timeZone: 'Australia/Lord_Howe', gapMs: 24.5 * hourMs },
  { cron: '0 9 * * 1-5', timeZone: 'UTC', gapMs: 3 * dayMs },
  { cron: '*/5 9-16 * * 1-5', timeZone: 'UTC', gapMs: 2 * dayMs + 16 * hourMs + 5 * minuteMs },
  { cron: '0 0 1 * *', timeZone: 'UTC', gapMs: 31 * dayMs },
  { cron: '0 0 29 2 *', timeZone: 'UTC', gapMs: 4 * 365.25 * dayMs },
])('$cron in $timeZone is at most $gapMs ms apart', ({ cron, timeZone, gapMs }) => {
  expect(longestCronGapMs({ cron, timeZone }, fromMs)).toBe(gapMs)
})

describe('agrees with listing every instant of the year', () => {
  test.each([
    { cron: '17 */3 * * *', timeZone: 'America/New_York' },
    { cron: '30 1,2,3 * * *', timeZone: 'Europe/Berlin' },
    { cron: '0 1-23/2 * * *', timeZone: 'Australia/Lord_Howe' },
    { cron: '45 1,2,13 * * *', timeZone: 'Australia/Lord_Howe' },
    { cron: '0 6,18 * * 2', timeZone: 'America/Sao_Paulo' },
    { cron: '30 */4 * * *', timeZone: 'Africa/Casablanca' },
  ])('$cron in $timeZone', ({ cron, timeZone }) => {
    expect(longestCronGapMs({ cron, timeZone }, fromMs)).toBe(listedGapMs({ cron, timeZone }))
  })
})

/** The block of four weeks that `fromMs` lies in, and a year. */
function listedGapMs(spec: { cron: string; timeZone: string }): number {
  const startMs = Math.floor(fromMs / (28 * dayMs)) * 28 * dayMs
  let longest = 0
  let tick = cronNext(spec, startMs)
  while (tick !== undefined && tick < startMs + 394 * dayMs) {
    const next = cronNext(spec, tick)
    if (next !== undefined) longest = Math.max(longest, next - tick)
    tick = next
  }
  return longest
}

test('an expression that ended has the gap it had before its end', () => {
  expect(longestCronGapMs({ cron: '0 0 0 * 12 * 2026', timeZone: 'UTC' }, fromMs)).toBe(dayMs)
})

test.each([
  { cron: '*/10 * * * * *', gapMs: 10_000 },
  { cron: '*/7 * * * *', gapMs: 4 * minuteMs },
  { cron: '0 9,17 * * 1-5', gapMs: 8 * hourMs },
  { cron: '0 0 0 1 1 * 2027', gapMs: undefined },
])('two instants of $cron are at least $gapMs ms apart', ({ cron, gapMs }) => {
  expect(shortestCronGapMs({ cron, timeZone: 'UTC' }, fromMs)).toBe(gapMs)
})

test('a day that the clocks leave out lengthens the gap only where it is skipped', () => {
  const spec = { cron: '30 2 * * *', timeZone: 'Europe/Berlin' }
  const fromMs = Date.parse('2026-01-01T00:00:00Z')
  expect(longestCronGapMs(spec, fromMs) / 3_600_000).toBe(25)
  expect(longestCronGapMs({ ...spec, dst: 'skip' }, fromMs) / 3_600_000).toBe(47)
})
