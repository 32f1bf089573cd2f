import { expect, test } from 'vitest'
import { AppError } from '../../../models/errors.ts'
import { type InlineSeries, seriesHistories } from '../../../tasks/adhoc/series-histories.ts'

const read = (series: readonly InlineSeries[]) =>
  seriesHistories(series, { stepMs: 60_000, endMs: 600_000, horizon: 2 })

function problemsOf(series: readonly InlineSeries[]) {
  try {
    read(series)
    return []
  } catch (error) {
    return (error as AppError).problems
  }
}

test('a series without a start ends where all end, one with it where its values do; null is a gap', () => {
  const { series } = read([
    { labels: { a: '1' }, values: [1, null, 3] },
    { labels: { a: '2' }, start: '1970-01-01T00:00:30Z', values: [4, 5] },
  ])
  expect(series).toEqual([
    { labels: { a: '1' }, startMs: 480_000, values: Float64Array.of(1, Number.NaN, 3) },
    { labels: { a: '2' }, startMs: 30_000, values: Float64Array.of(4, 5) },
  ])
})

test('of a history that is too long the newest values are kept', () => {
  const [history] = read([{ labels: {}, values: Array.from({ length: 30_000 }, (_, i) => i) }]).series
  expect(history).toMatchObject({ startMs: 600_000 - 20_159 * 60_000 })
  expect([history?.values.length, history?.values[0], history?.values.at(-1)]).toEqual([20_160, 9_840, 29_999])
})

test.each([
  { what: 'a text', value: '3', detail: '"3" is no finite number' },
  { what: 'what overflowed', value: Number.POSITIVE_INFINITY, detail: 'Infinity is no finite number' },
  { what: 'a list', value: [[[1]]], detail: 'a list is no finite number' },
  { what: 'an object', value: { toString: 1 }, detail: 'an object is no finite number' },
  { what: 'a truth', value: true, detail: 'true is no finite number' },
  { what: 'a long text', value: 'x'.repeat(1_000_000), detail: 'xxx… is no finite number' },
])('$what is no value', ({ value, detail }) => {
  expect(problemsOf([{ labels: {}, values: [1, value] }])).toEqual([
    { pointer: '/series/0/values/1', detail: expect.stringContaining(detail) },
  ])
})

test('a million wrong values are ten problems and a count', () => {
  const values = Array.from({ length: 100_000 }, () => 'x')
  expect(problemsOf([{ labels: {}, values }])).toHaveLength(10)
  expect(() => read([{ labels: {}, values }])).toThrow(
    /values\/0: "x" is no finite number; write null for a gap \(and 99999 more\)$/,
  )
})

test('two series of the same labels are named, whatever the order of the labels; unnamed ones are not', () => {
  const values = [1]
  const twice: InlineSeries[] = [
    { labels: { a: '1', b: '2' }, values },
    { labels: {}, values },
    { labels: { b: '2', a: '1' }, values },
    { labels: {}, values },
  ]
  expect(problemsOf(twice)).toEqual([{ pointer: '/series/2/labels', detail: 'the same as those of /series/0' }])
})

test('a start that is none is an error of its field', () => {
  expect(() => read([{ labels: {}, start: 'soon', values: [1] }])).toThrow(AppError)
  expect(problemsOf([{ labels: {}, start: 'soon', values: [1] }])[0]?.pointer).toBe('/series/0/start')
})

test.each([{ start: undefined }, { start: '9990-01-01' }])(
  'years that no instant names are no history ($start)',
  ({ start }) => {
    const values = Array.from({ length: 30_000 }, () => 1)
    const options = { stepMs: 366 * 86_400_000, horizon: 3, endMs: 0 }
    const series = [{ labels: {}, values, ...(start !== undefined && { start }) }]
    expect(() => seriesHistories(series, options)).toThrowError(
      expect.objectContaining({
        problems: [
          {
            pointer: '/series/0/values',
            detail: expect.stringMatching(/^30000 values with a step of \S+ reach beyond/),
          },
        ],
      }),
    )
  },
)

test('covariates are as long as their series and as the horizon, and keep the newest values as it does', () => {
  const covariates = [
    { name: 'price', past: [1, null], future: [3, null] },
    { name: 'load', past: [5, 6] },
  ]
  expect(read([{ labels: {}, values: [1, 2], covariates }]).series[0]?.covariates).toEqual([
    { name: 'price', past: Float64Array.of(1, Number.NaN), future: Float64Array.of(3, Number.NaN) },
    { name: 'load', past: Float64Array.of(5, 6) },
  ])
  const long = Array.from({ length: 30_000 }, (_, i) => i)
  const [history] = read([{ labels: {}, values: long, covariates: [{ name: 'load', past: long }] }]).series
  expect(history?.covariates?.[0]?.past).toEqual(history?.values)
})

test('a covariate of another length, twice or with a wrong value is named', () => {
  const covariates = [
    { name: 'price', past: [1], future: [1, 2, 3] },
    { name: 'price', past: [1, 'x'] },
  ]
  expect(problemsOf([{ labels: {}, values: [1, 2], covariates }])).toEqual([
    { pointer: '/series/0/covariates/0/past', detail: 'covariate "price" has 1 past values, its series has 2' },
    {
      pointer: '/series/0/covariates/0/future',
      detail: 'covariate "price" has 3 values ahead, predictionLength is 2',
    },
    { pointer: '/series/0/covariates/1/name', detail: '"price" is the name of another covariate of this series' },
    { pointer: '/series/0/covariates/1/past/1', detail: expect.stringContaining('"x" is no finite number') },
  ])
})
