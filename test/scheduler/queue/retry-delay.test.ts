import { expect, test } from 'vitest'
import { retryDelayMs } from '../../../scheduler/queue/retry-delay.ts'

const calm = () => 0

test.each([
  { name: 'the first wait is the backoff', failures: 1, retryAfterMs: undefined, waitMs: 1_000 },
  { name: 'it doubles', failures: 4, retryAfterMs: undefined, waitMs: 8_000 },
  { name: 'what the store asked for is the least', failures: 1, retryAfterMs: 30_000, waitMs: 30_000 },
  { name: 'a shorter wish of the store changes nothing', failures: 4, retryAfterMs: 2_000, waitMs: 8_000 },
  { name: 'five minutes are the most', failures: 30, retryAfterMs: 3_600_000, waitMs: 300_000 },
])('$name', ({ failures, retryAfterMs, waitMs }) => {
  expect(retryDelayMs({ failures, backoffMs: 1_000 }, { retryAfterMs }, calm)).toBe(waitMs)
})

test('an error of others has no wish, and up to a tenth is added', () => {
  expect(retryDelayMs({ failures: 1, backoffMs: 1_000 }, undefined, () => 1)).toBe(1_100)
})
