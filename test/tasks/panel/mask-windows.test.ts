import { expect, test } from 'vitest'
import { maskRow, maskValues } from '../../../tasks/panel/mask-windows.ts'

const panel = { startMs: 1_000, stepMs: 10, length: 5 }

test.each([
  {
    name: 'a window holds its start and not its end',
    windows: [{ startMs: 1_010, endMs: 1_030 }],
    row: [0, 1, 1, 0, 0],
  },
  {
    name: 'windows overlap',
    windows: [
      { startMs: 1_025, endMs: 2_000 },
      { startMs: 0, endMs: 1_011 },
      { startMs: 1_005, endMs: 1_010 },
    ],
    row: [1, 1, 0, 1, 1],
  },
  { name: 'none touches a step', windows: [{ startMs: 1_011, endMs: 1_020 }], row: undefined },
  { name: 'there are none', windows: [], row: undefined },
])('$name', ({ windows, row }) => {
  expect(maskRow(panel, windows)).toEqual(row && Float64Array.from(row))
})

test('masked values become gaps, without a mask nothing changes', () => {
  const values = Float64Array.of(1, 2, 3)
  maskValues(values, undefined)
  expect([...values]).toEqual([1, 2, 3])
  maskValues(values, Float64Array.of(0, 1, 0))
  expect([...values]).toEqual([1, Number.NaN, 3])
})
