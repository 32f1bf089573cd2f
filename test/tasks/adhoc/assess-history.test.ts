import { expect, test } from 'vitest'
import { assessHistory, historyWarnings } from '../../../tasks/adhoc/assess-history.ts'

const history = (name: string, ...values: number[]) => {
  return { labels: { name }, startMs: 0, values: Float64Array.from(values) }
}
const ones = (count: number) => Array.from({ length: count }, () => 1)

test.each([
  { values: ones(5), minContext: 1, assessment: { points: 5 } },
  { values: [...ones(4), Number.NaN], minContext: 1, assessment: { points: 4, skipped: 'too_few_points' } },
  { values: ones(9), minContext: 10, assessment: { points: 9, skipped: 'too_few_points' } },
  { values: [...ones(9), -1e38], minContext: 1, assessment: { points: 10, skipped: 'value_too_large' } },
])('$values for a model of at least $minContext: $assessment', ({ values, minContext, assessment }) => {
  expect(assessHistory(history('a', ...values), minContext)).toEqual(assessment)
})

test('a series without labels is named by its place, the only one not at all', () => {
  const unnamed = (...values: number[]) => ({ ...history('', ...values), labels: {} })
  const warningsOf = (histories: ReturnType<typeof unnamed>[]) =>
    historyWarnings(
      histories,
      histories.map((each) => assessHistory(each, 1)),
    )
  expect(warningsOf([unnamed(...ones(9))])).toEqual(['fewer than 30 points of history, so the forecast says little'])
  expect(warningsOf([unnamed(...ones(40)), unnamed(1)])).toEqual(['not forecast (see skipped): /series/1'])
})

test('warnings name few series and count the rest', () => {
  const histories = [
    history('long', ...ones(30)),
    history('short', ...ones(29)),
    history('ended', ...ones(30), Number.NaN),
    ...Array.from({ length: 5 }, (_, i) => history(`empty${i}`)),
  ]
  expect(
    historyWarnings(
      histories,
      histories.map((each) => assessHistory(each, 1)),
    ),
  ).toEqual([
    'fewer than 30 points of history, so the forecast says little: {"name":"short"}',
    'the newest value is missing: {"name":"ended"}',
    'not forecast (see skipped): {"name":"empty0"}, {"name":"empty1"}, {"name":"empty2"} and 2 more',
  ])
})
