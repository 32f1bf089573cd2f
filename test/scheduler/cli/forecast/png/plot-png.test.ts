import { expect, test } from 'vitest'
import { plotPng } from '../../../../../scheduler/cli/forecast/png/plot-png.ts'
import { readPng } from './read-png.ts'

const data = {
  ...{ title: 'load', startMs: 0, stepMs: 60_000, split: 10, history: Array.from({ length: 10 }, () => 5) },
  ...{ median: [5, 5, 5], lower: [0, 0, 0], upper: [10, 10, 10], levels: [0.1, 0.9] as const },
}
const draw = (changed: object = {}) => readPng(plotPng([{ ...data, ...changed }]))
type Picture = ReturnType<typeof draw>

const plot = { left: 100, right: 1_172, top: 76, bottom: 340 }
const xOf = (step: number) => Math.round(plot.left + (step / 12) * (plot.right - plot.left))
const isBlue = ([red = 0, , blue = 0]: number[]) => blue > red + 20
const isDark = ([red = 255]: number[]) => red < 120
/** Whether some pixel of a box is so. */
function some({ pixel }: Picture, [left, top, right, bottom]: number[], is: (colour: number[]) => boolean): boolean {
  for (let y = top ?? 0; y < (bottom ?? 0); y++)
    for (let x = left ?? 0; x < (right ?? 0); x++) if (is(pixel(x, y))) return true
  return false
}

test('the band is where the forecast is, the history before it', () => {
  const picture = draw()
  const quarter = 120
  expect([picture.pixel(xOf(5), quarter), picture.pixel(xOf(11), quarter)].map(isBlue)).toEqual([false, true])
  expect(some(picture, [xOf(5), plot.top, xOf(5) + 1, plot.bottom - 5], isDark)).toBe(true)
})

test('the forecast opens at the last value, unless a gap ends the history', () => {
  const between = [xOf(9) + 30, plot.top, xOf(10) - 30, plot.bottom]
  expect(some(draw(), between, isBlue)).toBe(true)
  expect(some(draw({ history: [...data.history.slice(1), Number.NaN] }), between, isBlue)).toBe(false)
})

test('panels lie below each other', () => {
  const { width, height, pixel } = readPng(plotPng([data, data]))
  expect([width, height]).toEqual([1_200, 800])
  for (const y of [20, 50, 120, 208]) expect(pixel(xOf(11), y + 400)).toEqual(pixel(xOf(11), y))
})

test('title, legend and axes have rows and columns of their own', () => {
  const picture = draw({ source: 'sales.csv' })
  const title = [100, 10, 600, 36]
  const legend = [100, 40, 1_172, 66]
  expect([title, legend].map((box) => some(picture, box, isDark))).toEqual([true, true])
  // nothing touches
  for (const gap of [
    [0, 0, 1_200, 12],
    [0, 36, 1_200, 40],
    [0, 66, 1_200, 74],
    [0, 396, 1_200, 400],
  ])
    expect(some(picture, gap, isDark)).toBe(false)
  // values on the left, instants and their day below
  for (const box of [
    [20, 76, 92, 330],
    [100, 350, 1_172, 368],
    [100, 372, 1_172, 390],
  ])
    expect(some(picture, box, isDark)).toBe(true)
})

test.each([
  { what: 'a band', changed: {}, found: true },
  { what: 'no band', changed: { levels: undefined, lower: [5, 5, 5], upper: [5, 5, 5] }, found: false },
])('the legend of a forecast with $what', ({ changed, found }) => {
  const isBand = (colour: number[]) => colour.join() === '200,220,250'
  expect(some(draw(changed), [100, 40, 1_172, 66], isBand)).toBe(found)
})

test('what cannot be drawn leaves an empty panel', () => {
  const none = { history: [Number.NaN], split: 1, median: [], lower: [], upper: [] }
  expect(draw(none).height).toBe(400)
  expect(readPng(plotPng([])).height).toBe(400)
})
