import { expect, test } from 'vitest'
import { fitTheta } from '../../models/theta-rule.ts'
import { randomSource } from '../fakes/random.ts'
import { baselines } from '../fixtures/statistical/baselines.ts'

const path = (values: Float64Array, season: number, steps: number) => {
  const { levels, drift, cycleAt } = fitTheta(values, season)
  return Array.from({ length: steps }, (_, i) => levels.at(-1)! + drift * (i + 1) + cycleAt(i + 1))
}

test.each(baselines.cases)('$name goes on as in the reference', ({ values, path: expected }) => {
  const made = path(Float64Array.from(values), 24, expected.length)
  for (const [i, value] of expected.entries()) expect(made[i]).toBeCloseTo(value, 7)
})

test('a tenth of the values missing moves the path little', () => {
  const next = randomSource(1)
  const [wave] = baselines.cases
  const values = Float64Array.from(wave!.values, (value) => (next() < 0.1 ? Number.NaN : value))
  const made = path(values, 24, 40)
  // the noise has a deviation of 1, the wave one of 6
  for (const [i, value] of wave!.path.entries()) expect(Math.abs(made[i]! - value)).toBeLessThan(1)
})

test('a line goes on at half of its slope', () => {
  const line = Float64Array.from({ length: 100 }, (_, i) => 3 * i)
  expect(path(line, 24, 2).map((value) => Math.round(value * 1e9) / 1e9)).toEqual([298.5, 300])
})

test('noise has no cycle', () => {
  const values = Float64Array.from({ length: 200 }, (_, i) => Math.sin(i * i))
  expect(fitTheta(values, 24).adjusted).toBe(values)
})

test('a phase that never had a value lies between the others', () => {
  const values = Float64Array.from({ length: 240 }, (_, i) => (i % 24 === 23 ? Number.NaN : i % 24 < 12 ? 1 : -1))
  const { cycleAt } = fitTheta(values, 24)
  expect([cycleAt(1) > 0.8, cycleAt(13) < -0.8, Math.abs(cycleAt(24)) < 0.2]).toEqual([true, true, true])
})
