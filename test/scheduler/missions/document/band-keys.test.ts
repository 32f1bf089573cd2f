import { expect, test } from 'vitest'
import { bandKeyOf, scopeKeyOf } from '../../../../scheduler/missions/document/band-keys.ts'

const fields = {
  ...{ datasource: 'main', query: 'up', allowOutputs: false, stepMs: 300_000, evalDelayMs: 30_000 },
  ...{ context: 2_016, horizon: 64, minPoints: 10, model: 'a', fallback: 'b', bandExitsPerDay: 0.015 },
}
const keys = (changes: Partial<Parameters<typeof bandKeyOf>[0]> = {}, createdMs = 1) => ({
  band: bandKeyOf({ ...fields, ...changes }, createdMs),
  scope: scopeKeyOf({ ...fields, ...changes }),
})

test.each([
  ...[{ datasource: 'other' }, { query: 'down' }, { allowOutputs: true }, { stepMs: 60_000 }].map((change) => ({
    change,
    scope: true,
  })),
  ...[{ evalDelayMs: 0 }, { context: 1 }, { horizon: 65 }, { minPoints: 2 }, { model: 'c' }, { fallback: 'c' }].map(
    (change) => ({ change, scope: false }),
  ),
  { change: { bandExitsPerDay: 1 }, scope: false },
  { change: { covariates: { calendar: ['weekend' as const] } }, scope: false },
  { change: { groupBy: ['job'] }, scope: false },
  { change: { crossLearning: true }, scope: false },
])('$change makes another band; another scope: $scope', ({ change, scope }) => {
  expect(keys(change).band).not.toBe(keys().band)
  expect(keys(change).scope !== keys().scope).toBe(scope)
})

test('a mission that was created again has another band of the same scope', () => {
  expect(keys({}, 2).band).not.toBe(keys().band)
  expect(keys({}, 2).scope).toBe(keys().scope)
})

test('keys are the same everywhere and for ever: forecasts are kept under them', () => {
  expect(keys()).toEqual(keys())
  expect(keys().band).toBe('2acdbe178d499cc2')
})
