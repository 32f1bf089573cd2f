import { expect, test } from 'vitest'
import type { RealSeries } from '../../../bench/accuracy/sources.ts'
import { origins, scaleOf, seasonOf, windowsOf } from '../../../bench/accuracy/windows.ts'

const hourMs = 3_600_000

// as numpy's linspace has them
test.each([
  { length: 589, count: 3, expected: [525, 538, 551] },
  { length: 536, count: 3, expected: [512] },
  { length: 538, count: 14, expected: [512, 513, 514] },
  { length: 1_000, count: 6, expected: [578, 644, 710, 777, 843, 909] },
  { length: 535, count: 3, expected: [] },
])('$count origins in $length values', ({ length, count, expected }) => {
  expect(origins({ length, context: 512, horizon: 24, count })).toEqual(expected)
})

test.each([
  { stepMs: hourMs, season: 24 },
  { stepMs: 60_000, season: 1_440 },
  { stepMs: 24 * hourMs, season: 7 },
])('a season of steps of $stepMs ms has $season', ({ stepMs, season }) => {
  expect(seasonOf(stepMs)).toBe(season)
})

const series = (value: (i: number) => number, more: Partial<RealSeries> = {}): RealSeries => ({
  ...{ dataset: 'made up', name: 'a', stepMs: hourMs, windows: 5 },
  values: Float64Array.from({ length: 400 }, (_, i) => value(i)),
  ...more,
})
const firstSteps = (made: RealSeries) =>
  windowsOf(made, 100, 20).map(({ context }) => (context.byteOffset - made.values.byteOffset) / 8 + 100)

test('every window has a context and what follows it', () => {
  const [window] = windowsOf(
    series((i) => i),
    100,
    20,
  )
  expect([window?.context[0], window?.context.at(-1), window?.ahead[0], window?.ahead.at(-1)]).toEqual([
    46, 145, 146, 165,
  ])
})

test('windows with an anomaly ahead, or many in the context, are left out', () => {
  const steps = firstSteps(series((i) => i))
  expect(steps).toHaveLength(5)
  const anomalous = (wrong: readonly number[]) => Array.from({ length: 400 }, (_, i) => wrong.includes(i))
  expect(firstSteps(series((i) => i, { anomalous: anomalous([steps[2]! + 3]) }))).toEqual([
    ...steps.slice(0, 2),
    ...steps.slice(3),
  ])
  expect(firstSteps(series((i) => i, { anomalous: anomalous([0, 1, 50, 51, 52]) }))).toEqual(steps.slice(1))
})

test('windows with many gaps or without any change are left out', () => {
  expect(firstSteps(series((i) => (i % 3 === 0 ? i : Number.NaN)))).toEqual([])
  expect(firstSteps(series((i) => (i < 290 ? 1e6 : i)))).toEqual(firstSteps(series((i) => i)).slice(-1))
})

test('the scale is the mean change over a season, over a step where two do not fit', () => {
  expect(scaleOf(Float64Array.of(1, 2, Number.NaN, 5, 9, 3), 3)).toBe(5.5)
  expect(scaleOf(Float64Array.of(1, 2, Number.NaN, 5, 9, 3), 4)).toBe((1 + 4 + 6) / 3)
})
