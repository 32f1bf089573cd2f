import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { watchDeafness } from '../../../scheduler/queue/fetching-worker.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function watched(checks: readonly boolean[], ping: () => Promise<'PONG'> = async () => 'PONG') {
  const reasons: string[] = []
  let i = 0
  const stop = watchDeafness({
    redis: { ping },
    isDeaf: () => checks[i++] ?? false,
    onDeaf: (reason) => reasons.push(reason),
    everyMs: 1_000,
  })
  return { reasons, stop }
}

test.each([
  { name: 'one deaf check is a moment after an outage', checks: [true, false, true], calls: 0 },
  { name: 'two in a row are reported, once', checks: [true, true, true, true], calls: 1 },
])('$name', async ({ checks, calls }) => {
  const { reasons, stop } = watched(checks)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(reasons).toHaveLength(calls)
  stop()
})

test('while Redis does not answer, the worker is not to blame', async () => {
  const { reasons, stop } = watched([true, true, true, true], () => Promise.reject(new Error('away')))
  await vi.advanceTimersByTimeAsync(10_000)
  expect(reasons).toEqual([])
  stop()
})
