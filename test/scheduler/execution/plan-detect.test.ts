import { describe, expect, test } from 'vitest'
import { detectWindow } from '../../../scheduler/execution/plan-detect.ts'

const minute = 60_000
const at = (minutes: number) => Date.UTC(2026, 0, 5) + minutes * minute

describe('detect window', () => {
  const common = { evalDelayMs: 30_000, detectStepMs: minute, maxExtendMs: 50 * minute }

  test.each([
    { name: 'one step a minute after the last run', T: 10, scored: 8, from: 8, until: 9 },
    { name: 'nothing new', T: 10, scored: 9, from: 9, until: 9 },
    { name: 'an outage of half an hour', T: 40, scored: 9, from: 9, until: 39 },
    { name: 'an outage beyond the reach', T: 120, scored: 9, from: 69, until: 119 },
    { name: 'a mark ahead of E after the clock went back', T: 10, scored: 30, from: 30, until: 9 },
  ])('$name', ({ T, scored, from, until }) => {
    expect(detectWindow({ ...common, nominalMs: at(T), scoredUntilMs: at(scored) })).toEqual({
      fromMs: at(from),
      untilMs: at(until),
    })
  })
})
