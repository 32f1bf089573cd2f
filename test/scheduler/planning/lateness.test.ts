import { expect, test } from 'vitest'
import { watchLateness } from '../../../scheduler/planning/lateness.ts'

test('an episode of being late is told once at its start and once at its end', () => {
  const told: string[] = []
  const note = watchLateness({ onLate: (ms) => told.push(`late ${ms}`), onPunctual: (ms) => told.push(`back ${ms}`) })
  for (const waitedMs of [0, 9_000, 12_000, 40_000, 11_000, 3_000, 0, 10_001, 5]) note(waitedMs)
  expect(told).toEqual(['late 12000', 'back 40000', 'late 10001', 'back 10001'])
})
