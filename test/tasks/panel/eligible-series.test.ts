import { expect, test } from 'vitest'
import { eligibleSeries } from '../../../tasks/panel/eligible-series.ts'
import { parseValues } from '../../fakes/series-notation.ts'

const hourMs = 3_600_000

// 48 hours
test.each([
  { name: 'all there', values: '1x47', reason: undefined },
  { name: 'exactly ten points, the last 23 h ago', values: '_x15 1x9 _x23', reason: undefined },
  { name: 'ten points, the last 24 h ago', values: '_x14 1x9 _x24', reason: 'no_recent_value' },
  { name: 'nine points', values: '_x39 1x8', reason: 'too_few_points', points: 9 },
  { name: 'no point', values: '_x48', reason: 'too_few_points', points: 0 },
  { name: 'beyond what a 32-bit float holds', values: '1x46 1e300', reason: 'value_too_large' },
  { name: 'back from an outage of 30 h', values: '1x16 _x30 1', reason: undefined },
])('$name: $reason', ({ values, reason, points }) => {
  const series = [{ labels: {}, values: Float64Array.from(parseValues(values)) }]
  expect(series[0]?.values).toHaveLength(48)
  const { rows, skipped } = eligibleSeries({ startMs: 0, stepMs: hourMs, length: 48, series }, 10)
  expect({ rows, skipped }).toEqual(
    reason
      ? { rows: [], skipped: [{ row: 0, reason, ...(points !== undefined && { points }) }] }
      : { rows: [0], skipped: [] },
  )
})

const masked = (values: string, mask: string) => {
  const series = [{ labels: {}, values: Float64Array.from(parseValues(values)) }]
  const { skipped } = eligibleSeries(
    { startMs: 0, stepMs: hourMs, length: 48, series },
    10,
    Float64Array.from(parseValues(mask)),
  )
  return skipped[0]
}

test.each([
  { name: 'a mask over the last 30 h: the series is there', values: '1x47', mask: '0x17 1x29', skip: undefined },
  {
    name: 'all but nine points',
    values: '1x47',
    mask: '1x38 0x8',
    skip: { row: 0, reason: 'too_few_points', points: 9 },
  },
  { name: 'what is too large is masked', values: '1x46 1e300', mask: '0x46 1', skip: undefined },
])('of a masked context: $name', ({ values, mask, skip }) => {
  expect(masked(values, mask)).toEqual(skip)
})

test('a context shorter than a day is recent as a whole', () => {
  const series = [{ labels: {}, values: Float64Array.of(1, 2, Number.NaN) }]
  expect(eligibleSeries({ startMs: 0, stepMs: hourMs, length: 3, series }, 2).rows).toEqual([0])
})
