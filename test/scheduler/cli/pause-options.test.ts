import { expect, test } from 'vitest'
import { pauseBody } from '../../../scheduler/cli/pause-options.ts'

test('only what was given is sent; a duration becomes the instant of its end', () => {
  expect(pauseBody({ reason: undefined, for: undefined })).toEqual({})
  expect(pauseBody({ reason: '', for: undefined })).toEqual({ reason: '' })
  const before = Date.now()
  const { reason, until = '' } = pauseBody({ reason: 'release', for: '2h' })
  expect(reason).toBe('release')
  expect(Date.parse(until) - 7_200_000).toBeGreaterThanOrEqual(before)
  expect(Date.parse(until) - 7_200_000).toBeLessThanOrEqual(Date.now())
})

test('what is no duration is refused', () => {
  expect(() => pauseBody({ reason: undefined, for: 'soon' })).toThrow('soon')
})
