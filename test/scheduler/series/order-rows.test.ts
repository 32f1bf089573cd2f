import { expect, test } from 'vitest'
import type { SeriesState } from '../../../flows/contexts.ts'
import { isTroubled, troubleFirst } from '../../../scheduler/series/order-rows.ts'

const none = Number.NaN
const row = (id: string, state: SeriesState, score = none) => ({
  ...{ id, labels: { id }, state, reason: '', score },
  ...{ value: 1, pred: 1, lower: 0, upper: 2 },
})

test('scores above 1, then what is not watched, then what learns, then the rest', () => {
  const rows = [
    ...[row('calm', 'ok', 0.2), row('learns', 'learning'), row('busy', 'ok', 0.9), row('gone', 'no_data')],
    ...[row('hot', 'ok', 1.5), row('late', 'stale_forecast', 0.5), row('range', 'out_of_range', 10)],
    ...[row('held', 'gated', 1), row('bare', 'no_forecast'), row('left', 'skipped')],
  ]
  const order = ['range', 'hot', 'late', 'bare', 'gone', 'left', 'learns', 'held', 'busy', 'calm']
  expect(troubleFirst(rows).map(({ id }) => id)).toEqual(order)
  expect(troubleFirst(rows.toReversed()).map(({ id }) => id)).toEqual(order)
})

test.each([
  { score: 1.01, troubled: true },
  { score: none, troubled: true },
  { score: 1, troubled: false },
  { score: 0, troubled: false },
])('a score of $score is trouble: $troubled', ({ score, troubled }) => {
  expect(isTroubled({ score })).toBe(troubled)
})
