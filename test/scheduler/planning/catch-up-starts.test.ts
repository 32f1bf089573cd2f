import { expect, test } from 'vitest'
import { rememberCatchUpStarts } from '../../../scheduler/planning/catch-up-starts.ts'

const schedule = { tenant: 'default', id: 'cpu.forecast', generation: 1 }

test.each([
  { name: 'the same schedule, two seconds later', ask: schedule, afterMs: 2_000, expected: 7 },
  { name: 'after an edit', ask: { ...schedule, generation: 2 }, afterMs: 2_000, expected: undefined },
  { name: 'another schedule', ask: { ...schedule, id: 'mem.forecast' }, afterMs: 0, expected: undefined },
  { name: 'another tenant', ask: { ...schedule, tenant: 'red' }, afterMs: 0, expected: undefined },
  { name: 'after another outage', ask: schedule, afterMs: 31_000, expected: undefined },
])('$name: $expected', ({ ask, afterMs, expected }) => {
  const starts = rememberCatchUpStarts()
  starts.keep(schedule, 7, 1_000)
  expect(starts.of(ask, 1_000 + afterMs)).toBe(expected)
})

test('a schedule that has caught up has none', () => {
  const starts = rememberCatchUpStarts()
  starts.keep(schedule, 7, 0)
  starts.keep(schedule, undefined, 0)
  expect(starts.of(schedule, 0)).toBeUndefined()
})
