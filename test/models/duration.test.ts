import { expect, test } from 'vitest'
import { formatDuration, parseDuration, tryParseDuration } from '../../models/duration.ts'

test.each([
  ['30s', 30_000],
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['7d', 604_800_000],
  ['1w', 604_800_000],
  ['250ms', 250],
  ['1.5h', 5_400_000],
  ['PT5M', 300_000],
  ['P1DT12H', 129_600_000],
  ['P2W', 1_209_600_000],
  ['PT0.5S', 500],
])('%s is %i ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
})

test.each(['', '5', 'm', '5 m', '-5m', '5min', 'P', 'PT', 'P1DT', '1h PT5M'])('%j is no duration', (text) => {
  expect(tryParseDuration(text)).toBeUndefined()
  expect(() => parseDuration(text)).toThrowError(expect.objectContaining({ code: 'INVALID_PARAMS' }))
})

test.each([
  [0, '0s'],
  [90_000, '1m30s'],
  [604_800_000, '7d'],
  [86_400_001, '1d1ms'],
  [-300_000, '-5m'],
])('%i ms reads %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
})
