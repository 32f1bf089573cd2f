import { expect, test } from 'vitest'
import { planBatches } from '../../../tasks/publish/plan-batches.ts'
import { fakeForecaster, fakeForecasters } from '../../fakes/fake-deps.ts'

const able = { ...fakeForecaster('able', { takesCovariates: true }), minContext: 2 }
const forecasters = fakeForecasters([able, fakeForecaster('plain')])
const contexts = (...lengths: number[]) => lengths.map((length) => new Float64Array(length))
const covariates = [[{ name: 'load', past: new Float64Array(3) }], []]

test('a group is never split, and its members are told by their place in the batch', () => {
  const [even, odd] = [0, 1].map((first) => Array.from({ length: 100 }, (_, i) => 2 * i + first)) as [
    number[],
    number[],
  ]
  const batches = planBatches(forecasters, {
    ...{ contexts: contexts(...Array(250).fill(3)), groups: [odd, even], model: 'able', fallback: 'plain' },
  })
  const places = even.map((_, i) => i)
  expect(batches.map(({ rows }) => rows.length)).toEqual([200, 50])
  expect(batches[0]).toMatchObject({ rows: [...even, ...odd], groups: [places, places.map((place) => place + 100)] })
  expect(batches[1]).not.toHaveProperty('groups')
})

test('a member that is too short leaves its group', () => {
  const batches = planBatches(forecasters, {
    ...{ contexts: contexts(3, 1, 3), groups: [[0, 1, 2]], model: 'able', fallback: 'plain' },
  })
  expect(batches).toEqual([
    { rows: [0, 2], groups: [[0, 1]], model: 'able' },
    { rows: [1], model: 'plain', reason: 'SHORT_CONTEXT' },
  ])
})

test('a model without covariates leaves all to the fall-back, also to itself', () => {
  const reason = 'UNSUPPORTED'
  const detail = 'model plain takes no covariates and no groups'
  const request = { contexts: contexts(3, 3), model: 'plain', fallback: 'plain' }
  const refused = [{ rows: [0, 1], model: 'plain', reason, detail }]
  expect(planBatches(forecasters, { ...request, covariates })).toEqual(refused)
  expect(planBatches(forecasters, { ...request, groups: [[0, 1]] })).toEqual(refused)
  expect(planBatches(forecasters, { ...request, covariates: [[], []] })).toEqual([{ rows: [0, 1], model: 'plain' }])
})

test('a model that cannot be had is asked all the same: it says why', () => {
  expect(planBatches(forecasters, { contexts: contexts(3, 3), covariates, model: 'gone', fallback: 'plain' })).toEqual([
    { rows: [0, 1], model: 'gone' },
  ])
})
