import { expect, test } from 'vitest'
import {
  dayMs,
  decodeTicks,
  isTickDay,
  tickArguments,
  tickOutcomes,
} from '../../../../scheduler/store/ticks/tick-codec.ts'

const header = Buffer.from('ATK\u0001', 'latin1')
const startMs = 20_000 * dayMs
/** As the scripts pack it. */
function packed(...ticks: readonly [offsetMs: number, outcome: number, reason: number, distanceMs: number][]): Buffer {
  const words = ticks.flatMap(([offsetMs, outcome, reason, distanceMs]) => [
    offsetMs * 32 + outcome * 4,
    reason * 2 ** 27 + distanceMs,
  ])
  const body = Buffer.alloc(words.length * 4)
  for (const [i, word] of words.entries()) body.writeUInt32BE(word, i * 4)
  return Buffer.concat([header, body])
}
const whole = { fromMs: startMs - 1, untilMs: startMs + dayMs }

test('a day is its ticks within the range', () => {
  const day = packed([0, 0, 0, 250], [60_000, 1, 2, 60_000], [dayMs - 1, 2, 3, 5_000])
  expect(decodeTicks(day, startMs, whole)).toEqual([
    { nominalMs: startMs, outcome: 'run', reason: 'on_time', lagMs: 250 },
    { nominalMs: startMs + 60_000, outcome: 'skipped_overlap', reason: 'holder_active', byNominalMs: startMs },
    {
      nominalMs: startMs + dayMs - 1,
      outcome: 'coalesced',
      reason: 'newer_due',
      byNominalMs: startMs + dayMs - 1 + 5_000,
    },
  ])
  expect(decodeTicks(day, startMs, { fromMs: startMs, untilMs: startMs + 60_000 })).toHaveLength(1)
})

test('a tick that a calendar took bears the number of it', () => {
  const mark = {
    nominalMs: startMs,
    outcome: 'calendar',
    reason: 'calendar',
    lagMs: 250,
    calendarSerial: 12_345,
  } as const
  expect(tickArguments(mark)).toEqual([startMs, 6, 9, 12_345])
  const { lagMs: _, ...kept } = mark
  expect(decodeTicks(packed([0, 6, 9, 12_345]), startMs, whole)).toEqual([kept])
})

test('a tick that a later release wrote is left out', () => {
  expect(decodeTicks(packed([0, 0, 31, 0], [1, 0, 0, 0]), startMs, whole)).toHaveLength(1)
})

test.each([
  { name: 'another magic', day: Buffer.from('ATX\u0001', 'latin1') },
  { name: 'another version', day: Buffer.from('ATK\u0002', 'latin1') },
  { name: 'cut off', day: packed([0, 0, 0, 0]).subarray(0, 9) },
  { name: 'empty', day: Buffer.alloc(0) },
])('$name: no day of ticks', ({ day }) => {
  expect([isTickDay(day), decodeTicks(day, startMs, whole)]).toEqual([false, []])
})

test.each([
  { tick: { outcome: 'run', reason: 'caught_up', lagMs: 12.6 }, distance: 13 },
  { tick: { outcome: 'run', reason: 'on_time', lagMs: -5 }, distance: 0 },
  { tick: { outcome: 'missed', reason: 'run_lost', lagMs: 2 ** 30 }, distance: 2 ** 27 - 1 },
  { tick: { outcome: 'coalesced', reason: 'newer_due', lagMs: 1, byNominalMs: startMs + 60_000 }, distance: 60_000 },
] as const)('$tick is kept at a distance of $distance', ({ tick, distance }) => {
  const [nominalMs, outcome, , kept] = tickArguments({ nominalMs: startMs, ...tick })
  expect([nominalMs, tickOutcomes[outcome ?? -1], kept]).toEqual([startMs, tick.outcome, distance])
})
