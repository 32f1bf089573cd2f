import { expect, test } from 'vitest'
import { schedulePolicy } from '../../../../scheduler/missions/document/policies.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs

test.each([
  {
    flow: 'detect',
    everyMs: minuteMs,
    policy: { overlap: 'skip', startDeadlineMs: 5 * minuteMs, startSpreadMs: 15_000 },
  },
  { flow: 'detect', everyMs: 10_000, policy: { startSpreadMs: 2_500 } },
  { flow: 'detect', everyMs: hourMs, policy: { startDeadlineMs: 2 * hourMs } },
  {
    flow: 'forecast',
    everyMs: hourMs,
    policy: {
      overlap: 'bufferLatest',
      startDeadlineMs: 4 * hourMs,
      startSpreadMs: minuteMs,
      catchUpWindowMs: 24 * hourMs,
    },
  },
  { flow: 'forecast', everyMs: 24 * hourMs, policy: { startDeadlineMs: 24 * hourMs } },
] as const)('$flow every $everyMs ms: $policy', ({ flow, everyMs, policy }) => {
  expect(schedulePolicy(flow, everyMs)).toMatchObject({ catchUp: 'latest', ...policy })
})

test('what is written goes before the defaults', () => {
  const written = { overlap: 'allow', catchUp: 'none', catchUpWindow: '2h', timeout: '90s', maxAttempts: 1 } as const
  expect(schedulePolicy('forecast', hourMs, { ...written, startDeadline: '1m' })).toMatchObject({
    ...{ overlap: 'allow', catchUp: 'none', catchUpWindowMs: 2 * hourMs, timeoutMs: 90_000, maxAttempts: 1 },
    startDeadlineMs: minuteMs,
  })
})

test('detection takes catch-up all for latest: one run scores what many would', () => {
  expect(schedulePolicy('detect', minuteMs, { catchUp: 'all' }).catchUp).toBe('latest')
  expect(schedulePolicy('forecast', hourMs, { catchUp: 'all' }).catchUp).toBe('all')
})
