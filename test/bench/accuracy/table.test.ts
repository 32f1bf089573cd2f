import { expect, test } from 'vitest'
import { cellValue, gridOf, instantMs } from '../../../bench/accuracy/table.ts'

test.each([
  { cell: '1700000000', ms: 1_700_000_000_000 },
  { cell: '1692608400.0', ms: 1_692_608_400_000 },
  { cell: '2016-07-01 00:15:00', ms: Date.UTC(2016, 6, 1, 0, 15) },
  { cell: '2018-03-15T00:00:00Z', ms: Date.UTC(2018, 2, 15) },
  { cell: '2007-12-10', ms: Date.UTC(2007, 11, 10) },
  { cell: 'unix_timestamp', ms: Number.NaN },
  { cell: '', ms: Number.NaN },
])('"$cell" is the instant $ms', ({ cell, ms }) => {
  expect(instantMs(cell)).toBe(ms)
})

test.each([
  ['', Number.NaN],
  [undefined, Number.NaN],
  ['nan', Number.NaN],
  ['0', 0],
  ['1.5e3', 1_500],
])('the cell %j is %d', (cell, value) => {
  expect(cellValue(cell)).toBe(value)
})

test('a grid has a place for every step, of doubled instants the first row, of instants beside it none', () => {
  const { stepMs, rows } = gridOf([0, 60, 120, 120, 180, 300, 345, 360])
  expect(stepMs).toBe(60)
  expect(rows).toEqual([0, 1, 2, 4, undefined, 5, 7])
})

test.each([[[]], [[5]], [[5, 5]]])('the instants %j have no grid', (instants) => {
  expect(gridOf(instants).rows).toEqual([])
})

test('a row without an instant is left out of the grid', () => {
  expect(gridOf([0, 60, Number.NaN, 120, 240, Number.POSITIVE_INFINITY]).rows).toEqual([0, 1, 3, undefined, 4])
})

test('instants of two units are refused', () => {
  expect(() => gridOf([0, 60_000, 120_000, 1e15])).toThrow('16666666667 steps of 60 s')
})
