import { expect, test } from 'vitest'
import { numberText } from '../../../scheduler/terminal/number-text.ts'

test.each([
  [NaN, '-'],
  [0, '0'],
  [0.0021349, '0.002135'],
  [-1234.56, '-1235'],
  [9_999.4, '9999'],
  [9_999.6, '10k'],
  [-123_456, '-123.5k'],
  [999_990, '1M'],
  [204_800_000, '204.8M'],
  [2_048_000_000, '2.048G'],
  [1.5e18, '1.50e+18'],
  [0.0003746, '0.0003746'],
  [-0.0004461, '-0.000446'],
  [0.00001234, '0.0000123'],
  [-0.0000012, '-0.000001'],
  [0.00000012, '1.20e-7'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
])('%f is written %s', (value, text) => {
  expect(numberText(value)).toBe(text)
})
