import { expect, test } from 'vitest'
import { rangeText } from '../../../scheduler/execution/range-text.ts'

test('a range is open at the left and closed at the right', () => {
  expect(rangeText({ fromMs: 0, untilMs: 60_000 })).toBe('(1970-01-01T00:00:00.000Z, 1970-01-01T00:01:00.000Z]')
})
