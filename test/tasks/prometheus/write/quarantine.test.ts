import { expect, test } from 'vitest'
import { createQuarantine } from '../../../../tasks/prometheus/write/quarantine.ts'

test('holds a key for its time, with the reason', () => {
  let nowMs = 0
  const quarantine = createQuarantine(1_000, () => nowMs)
  quarantine.add('a', 'label too long')
  expect([quarantine.reasonFor('a'), quarantine.reasonFor('b')]).toEqual(['label too long', undefined])
  nowMs = 1_000
  expect(quarantine.reasonFor('a')).toBeUndefined()
  expect(quarantine.size).toBe(0)
})
