import { describe, expect, test } from 'vitest'
import type { AppError } from '../../../models/errors.ts'
import { type RowOptions, rowHistories } from '../../../tasks/adhoc/row-histories.ts'

const options: RowOptions = { columns: { timestamp: 'timestamp', target: 'target' }, maxPoints: 1_000 }
const day = (n: number) => `2026-01-${String(n).padStart(2, '0')}`

function problemsOf(rows: readonly unknown[], more: Partial<RowOptions> = {}) {
  try {
    rowHistories(rows, { ...options, ...more })
    return []
  } catch (error) {
    return (error as AppError).problems
  }
}

describe('rows', () => {
  test('of several series between each other, with a day that is missing, make histories by the day', () => {
    const rows = [
      { id: 'a', timestamp: day(1), target: 1 },
      { id: 'b', timestamp: day(2), target: 10 },
      { id: 'a', timestamp: day(2), target: null },
      { id: 'b', timestamp: day(3), target: 11 },
      { id: 'a', timestamp: day(4), target: 4 },
    ]
    expect(rowHistories(rows, options)).toEqual({
      stepMs: 86_400_000,
      series: [
        { labels: { id: 'a' }, startMs: Date.parse(day(1)), values: Float64Array.of(1, Number.NaN, Number.NaN, 4) },
        { labels: { id: 'b' }, startMs: Date.parse(day(2)), values: Float64Array.of(10, 11) },
      ],
    })
  })

  test('with columns of other names; a number is a name as well', () => {
    const columns = { id: 'shop', timestamp: 'day', target: 'sold/day' }
    const rows = [1, 2].map((n) => ({ shop: 7, day: day(n), 'sold/day': n }))
    expect(rowHistories(rows, { ...options, columns }).series).toMatchObject([{ labels: { shop: '7' } }])
    expect(problemsOf([{ shop: 7, day: day(1), 'sold/day': 'x' }], { columns })).toMatchObject([
      { pointer: '/rows/0/sold~1day' },
    ])
  })

  test('without an id are one series', () => {
    const rows = [1, 2].map((n) => ({ timestamp: day(n), target: n }))
    expect(rowHistories(rows, options).series).toMatchObject([{ labels: {} }])
  })

  test('that begin long ago keep the newest steps', () => {
    const rows = [0, 1e9, 1e9 + 60].map((timestamp) => ({ timestamp, target: timestamp }))
    const [history] = rowHistories(rows, { ...options, maxPoints: 30_000, stepMs: 20_000 }).series
    expect([history?.values.length, history?.values.at(-1), history?.values.at(-4)]).toEqual([20_160, 1e9 + 60, 1e9])
  })
})

describe('a row is refused, and named,', () => {
  const good = { id: 'a', timestamp: day(1), target: 1 }
  test.each([
    { why: 'no row', row: 3, pointer: '/rows/1', detail: '3 is no row' },
    { why: 'no row but nothing', row: null, pointer: '/rows/1', detail: 'null is no row' },
    {
      why: 'no id',
      row: { timestamp: day(2), target: 1 },
      pointer: '/rows/1/id',
      detail: 'name its column by idColumn',
    },
    { why: 'an id that is none', row: { ...good, id: {} }, pointer: '/rows/1/id', detail: 'names no series' },
    { why: 'no instant', row: { id: 'a', target: 1 }, pointer: '/rows/1/timestamp', detail: 'is missing' },
    {
      why: 'a bad instant',
      row: { ...good, timestamp: 'x' },
      pointer: '/rows/1/timestamp',
      detail: '"x" is no instant',
    },
    { why: 'no target', row: { id: 'a', timestamp: day(2) }, pointer: '/rows/1/target', detail: 'is missing' },
    { why: 'a text', row: { ...good, target: '1' }, pointer: '/rows/1/target', detail: '"1" is no finite number' },
    { why: 'the same instant', row: good, pointer: '/rows/1/timestamp', detail: 'the same instant as /rows/0' },
  ])('with $why', ({ row, pointer, detail }) => {
    expect(problemsOf([good, row], { stepMs: 60_000 })).toEqual([{ pointer, detail: expect.stringContaining(detail) }])
  })

  test('off the grid', () => {
    const rows = [0, 60, 120, 130].map((timestamp) => ({ timestamp, target: 1 }))
    expect(problemsOf(rows, { stepMs: 60_000 })).toEqual([
      { pointer: '/rows/3/timestamp', detail: '10s after /rows/2, no multiple of the step, 1m' },
    ])
    // uneven without a step: 10 s would be the step, and 60 s fit it; 45 s do not
    expect(problemsOf([...rows, { timestamp: 175, target: 1 }])).toMatchObject([{ pointer: '/rows/4/timestamp' }])
  })
})

const messageOf = (rows: readonly unknown[], more: Partial<RowOptions> = {}) => {
  try {
    return rowHistories(rows, { ...options, ...more })
  } catch (error) {
    return (error as AppError).message
  }
}
const at = (timestamp: string | number) => ({ timestamp, target: 1 })

test('what is wrong with a hundred rows alike is said once', () => {
  const rows = Array.from({ length: 101 }, (_, i) => at(i * 3_600))
  expect(messageOf(rows, { stepMs: 7_200_000 })).toBe(
    'rows cannot be used: /rows/1/timestamp: 1h after /rows/0, no multiple of the step, 2h (and 99 more)',
  )
  expect(messageOf([...rows, at(1), at(2)])).toMatch(/\/rows\/101\/timestamp: earlier than \/rows\/100 [^;]*$/)
  expect(messageOf(rows.toReversed())).toBe(
    'rows cannot be used: /rows: they run from the newest to the oldest: sort them by time',
  )
})

test('of months it is said that they are no step', () => {
  const months = ['2026-01-31', '2026-02-28', '2026-03-31', '2026-04-30'].map(at)
  expect(messageOf(months)).toMatch(
    /\/rows\/2\/timestamp: 31d after \/rows\/1, no multiple of the step, 28d: months are no step.* \(and 1 more\)$/,
  )
})

test('rows of several series in one are told to name the column that says which', () => {
  expect(messageOf([at(0), at(0), at(60), at(60)])).toMatch(/same instant as \/rows\/0 .*by idColumn\) \(and 1 more\)$/)
})

test('one row alone tells no step', () => {
  expect(problemsOf([{ timestamp: day(1), target: 1 }])).toMatchObject([{ pointer: '/step' }])
})

test('two rows a thousand years apart ask for no thousand years of memory', () => {
  const far = (id: string) => [
    { id, timestamp: '1000-01-01', target: 1 },
    { id, timestamp: '2000-01-01', target: 1 },
  ]
  const rows = Array.from({ length: 100 }, (_, i) => far(`${i}`)).flat()
  expect(problemsOf(rows, { stepMs: 1_000, maxPoints: 1_000_000 })).toEqual([
    { pointer: '/rows', detail: expect.stringContaining('2016000 steps of 1 s; at most 1000000') },
  ])
})
