import { expect, test } from 'vitest'
import { tryParseInstant } from '../../../tasks/adhoc/instant.ts'

const noon = Date.parse('2026-01-31T12:00:00Z')

test.each([
  ['2026-01-31T12:00:00Z', noon],
  ['2026-01-31T13:00:00+01:00', noon],
  ['2026-01-31T12:00:00.000', noon],
  [' 2026-01-31 12:00 ', noon],
  ['2026-01-31', noon - 43_200_000],
  ['1959-12-31', Date.parse('1959-12-31')],
  [noon, noon],
  [noon / 1_000, noon],
  [0, 0],
  [1e18, undefined],
  [Number.NaN, undefined],
  ['', undefined],
  ['soon', undefined],
  ['31.01.2026', undefined],
  ['1769860800', undefined],
  ['2026-13-01', undefined],
  ['2026-01-31T25:00:00Z', undefined],
  [null, undefined],
  [[noon], undefined],
])('%j is %s', (value, ms) => {
  expect(tryParseInstant(value)).toBe(ms)
})
