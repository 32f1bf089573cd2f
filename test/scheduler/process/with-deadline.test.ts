import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { AppError } from '../../../models/errors.ts'
import { withDeadline } from '../../../scheduler/process/with-deadline.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const deadline = { timeoutMs: 1_000, signals: [], what: 'run r.1' }
const timedOut = { code: 'RUN_TIMEOUT', message: 'run r.1 took longer than 1 s' }
/** Rejects with its own words when told to stop, as a request does. */
const listening = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))))
const never = () => new Promise<never>(() => undefined)

test('work that ends in time gives its answer and leaves no timer', async () => {
  expect(await withDeadline(deadline, async () => 7)).toBe(7)
  expect(vi.getTimerCount()).toBe(0)
})

test('nothing of it stays at a signal that outlives the work', async () => {
  const { signal } = new AbortController()
  const listeners = () => getEventListeners(signal, 'abort').length
  const during = await withDeadline({ ...deadline, signals: [signal] }, async () => listeners())
  expect([during, listeners()]).toEqual([1, 0])
})

test('an error of the work itself comes through', async () => {
  const failing = withDeadline(deadline, () => Promise.reject(new AppError('STORE_BUSY', 'busy')))
  await expect(failing).rejects.toMatchObject({ code: 'STORE_BUSY' })
})

test('at the time-out the work is told, and the reason is the error', async () => {
  const late = expect(withDeadline(deadline, listening)).rejects.toMatchObject(timedOut)
  await vi.advanceTimersByTimeAsync(1_000)
  await late
})

test('work that does not listen is left alone 5 s later', async () => {
  let isOver = false
  const late = expect(withDeadline(deadline, never).finally(() => (isOver = true))).rejects.toMatchObject(timedOut)
  await vi.advanceTimersByTimeAsync(5_999)
  expect(isOver).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  await late
})

test('a signal from outside ends the work with its reason', async () => {
  const stop = new AbortController()
  const stopped = withDeadline({ ...deadline, signals: [stop.signal] }, listening)
  stop.abort(new AppError('RUN_CANCELLED', 'the worker stops'))
  await expect(stopped).rejects.toMatchObject({ code: 'RUN_CANCELLED' })
})

test('a signal that aborted before leaves the work 5 s as well', async () => {
  const late = expect(
    withDeadline(
      { ...deadline, timeoutMs: 60_000, signals: [AbortSignal.abort(new AppError('RUN_CANCELLED', 'stop'))] },
      never,
    ),
  ).rejects.toMatchObject({ code: 'RUN_CANCELLED' })
  await vi.advanceTimersByTimeAsync(5_000)
  await late
})
