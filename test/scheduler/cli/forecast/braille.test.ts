import { expect, test } from 'vitest'
import { brailleCanvas, type Dot } from '../../../../scheduler/cli/forecast/braille.ts'

function draw(...points: Dot[]): string[] {
  const canvas = brailleCanvas(2, 1)
  canvas.polyline(points)
  return [0, 1].map((column) => canvas.cell(column, 0) ?? ' ')
}

test.each([
  { what: 'nothing', points: [], drawn: [' ', ' '] },
  { what: 'a dot', points: [[0, 0]], drawn: ['⠁', ' '] },
  { what: 'a dot below', points: [[1, 3]], drawn: ['⢀', ' '] },
  {
    what: 'a diagonal',
    points: [
      [0, 0],
      [3, 3],
    ],
    drawn: ['⠑', '⢄'],
  },
  {
    what: 'a line across',
    points: [
      [0, 3],
      [3, 3],
    ],
    drawn: ['⣀', '⣀'],
  },
  {
    what: 'two dots apart',
    points: [
      [0, 0],
      [1, Number.NaN],
      [3, 0],
    ],
    drawn: ['⠁', '⠈'],
  },
] as { what: string; points: Dot[]; drawn: string[] }[])('draws $what', ({ points, drawn }) => {
  expect(draw(...points)).toEqual(drawn)
})
