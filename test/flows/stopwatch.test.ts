import { expect, test } from 'vitest'
import { stopwatch } from '../../flows/stopwatch.ts'

test('a stage that comes twice is summed, one that fails is measured too', async () => {
  const watch = stopwatch()
  expect(await watch.time('read', async () => 7)).toBe(7)
  const once = watch.seconds().read as number
  await expect(watch.time('read', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(watch.seconds().read as number).toBeGreaterThan(once)
})
