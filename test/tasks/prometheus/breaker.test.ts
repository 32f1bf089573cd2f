import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createBreaker } from '../../../tasks/prometheus/breaker.ts'

function breakerAt(startMs: number) {
  const clock = { nowMs: startMs }
  const breaker = createBreaker({ now: () => clock.nowMs, failures: 3, openMs: 1_000 })
  const passes = () => {
    try {
      breaker.check('main')
      return true
    } catch {
      return false
    }
  }
  const fail = (times: number) => {
    for (let i = 1; i <= times; i++) breaker.failed(`HTTP 503: reason ${i}`)
  }
  return { breaker, clock, passes, fail }
}

test('stays closed below its number of failures', () => {
  const { breaker, passes, fail } = breakerAt(0)
  fail(2)
  expect([passes(), breaker.state]).toEqual([true, 'closed'])
})

test('an answer between failures begins the count again', () => {
  const { breaker, passes, fail } = breakerAt(0)
  fail(2)
  breaker.answered()
  fail(2)
  expect(passes()).toBe(true)
})

test('opens, and says why and for how long', () => {
  const { breaker, clock, fail } = breakerAt(5_000)
  fail(3)
  clock.nowMs += 400
  expect(breaker.state).toBe('open')
  expect(() => breaker.check('datasource main')).toThrow(
    expect.objectContaining({
      code: 'STORE_UNAVAILABLE',
      retryAfterMs: 600,
      message: 'datasource main: not asked, 3 requests in a row failed, the last one by HTTP 503: reason 3',
    }),
  )
})

test('lets one request try after a while, the next only as long after', () => {
  const { clock, passes, fail } = breakerAt(0)
  fail(3)
  clock.nowMs = 1_000
  expect([passes(), passes()]).toEqual([true, false])
  // the one that tried never came back: a time-out is no verdict
  clock.nowMs = 2_000
  expect([passes(), passes()]).toEqual([true, false])
})

test.each([
  { name: 'fails', outcome: 'failed', later: [false, false] },
  { name: 'is answered', outcome: 'answered', later: [true, true] },
] as const)('when the one that tries $name, others pass: $later', ({ outcome, later }) => {
  const { breaker, clock, passes, fail } = breakerAt(0)
  fail(3)
  clock.nowMs = 1_500
  passes()
  breaker[outcome]('HTTP 503')
  expect([passes(), passes()]).toEqual(later)
})

test('stays open no longer when the clock of the machine steps back', async () => {
  const machine = vi.spyOn(Date, 'now')
  onTestFinished(() => machine.mockRestore())
  const breaker = createBreaker({ failures: 1, openMs: 20 })
  breaker.failed('HTTP 503')
  machine.mockReturnValue(0)
  await sleep(50)
  expect(() => breaker.check('main')).not.toThrow()
})
