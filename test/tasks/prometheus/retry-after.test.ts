import { expect, test } from 'vitest'
import { retryAfterMs } from '../../../tasks/prometheus/retry-after.ts'

const nowMs = Date.parse('Tue, 24 Nov 2026 12:00:00 GMT')

test.each([
  { name: 'seconds', retry: '7', ms: 7_000 },
  { name: 'a date', retry: 'Tue, 24 Nov 2026 12:00:30 GMT', ms: 30_000 },
  {
    name: 'a date by the clock of the store',
    retry: 'Tue, 24 Nov 2026 13:00:30 GMT',
    date: 'Tue, 24 Nov 2026 13:00:20 GMT',
    ms: 10_000,
  },
  { name: 'a date that is past', retry: 'Tue, 24 Nov 2026 11:00:00 GMT', ms: 0 },
  { name: 'an hour', retry: '3600', ms: 300_000 },
  { name: 'a date next year', retry: 'Wed, 24 Nov 2027 12:00:00 GMT', ms: 300_000 },
  { name: 'nonsense', retry: 'soon', ms: undefined },
  { name: 'nothing', retry: undefined, ms: undefined },
])('$name asks for $ms ms', ({ retry, date, ms }) => {
  const headers: Record<string, string | undefined> = { 'retry-after': retry, date }
  expect(retryAfterMs((name) => headers[name], nowMs)).toBe(ms)
})
