import { expect, test } from 'vitest'
import { windowRow } from '../../../tasks/covariates/windows.ts'

const steps = [0, 10, 20, 30, 40, 50]
const row = (...windows: readonly [startMs: number, endMs: number][]) => [
  ...windowRow(
    windows.map(([startMs, endMs]) => ({ startMs, endMs })),
    steps,
  ),
]

test.each([
  { name: 'none', windows: [], values: [0, 0, 0, 0, 0, 0] },
  { name: 'its start included, its end not', windows: [[10, 30]], values: [0, 1, 1, 0, 0, 0] },
  { name: 'between two steps', windows: [[11, 19]], values: [0, 0, 0, 0, 0, 0] },
  { name: 'from before the first to after the last', windows: [[-5, 99]], values: [1, 1, 1, 1, 1, 1] },
  {
    name: 'in any order, one within another',
    windows: [
      [40, 41],
      [0, 25],
      [5, 10],
    ],
    values: [1, 1, 1, 0, 1, 0],
  },
  {
    name: 'empty or turned round',
    windows: [
      [20, 20],
      [40, 10],
    ],
    values: [0, 0, 0, 0, 0, 0],
  },
] satisfies { name: string; windows: [number, number][]; values: number[] }[])(
  'windows: $name',
  ({ windows, values }) => {
    expect(row(...windows)).toEqual(values)
  },
)
