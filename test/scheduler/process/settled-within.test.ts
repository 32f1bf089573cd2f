import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { settledWithin } from '../../../scheduler/process/settled-within.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('work that ends in time has settled and leaves no timer', async () => {
  expect(await settledWithin(Promise.resolve(), 1_000)).toBe(true)
  expect(vi.getTimerCount()).toBe(0)
})

test('work that goes on has not', async () => {
  const late = settledWithin(new Promise(() => undefined), 1_000)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(await late).toBe(false)
})

test('work that fails gives its error and leaves no timer', async () => {
  await expect(settledWithin(Promise.reject(new Error('lost')), 1_000)).rejects.toThrow('lost')
  expect(vi.getTimerCount()).toBe(0)
})
