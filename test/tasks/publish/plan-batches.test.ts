import { expect, test } from 'vitest'
import { takesNoCovariates } from '../../../tasks/covariates/takes-no-covariates.ts'
import { planBatches } from '../../../tasks/publish/plan-batches.ts'
import { fakeForecaster, fakeForecasters } from '../../fakes/fake-deps.ts'

const able = { ...fakeForecaster('able', { takesCovariates: true }), minContext: 2 }
const forecasters = fakeForecasters([able, fakeForecaster('plain')])
const contexts = (...lengths: number[]) => lengths.map((length) => new Float64Array(length))
const covariates = [[{ name: 'load', past: new Float64Array(3) }], []]

test('a group is never split', () => {
  const [even, odd] = [0, 1].map((first) => Array.from({ length: 100 }, (_, i) => 2 * i + first)) as [
    number[],
    number[],
  ]
  const batches = planBatches(forecasters, {
    ...{ contexts: contexts(...Array(250).fill(3)), groups: [odd, even], model: 'able', fallback: 'plain' },
  })
  expect(batches.map(({ rows }) => rows)).toEqual([even, odd, Array.from({ length: 50 }, (_, i) => 200 + i)])
  expect(batches.map(({ groups }) => groups?.map(({ length }) => length))).toEqual([[100], [100], undefined])
})

test('members of groups are told by their place in the batch', () => {
  const [batch] = planBatches(forecasters, {
    ...{
      contexts: contexts(3, 3, 3, 3, 3),
      groups: [
        [1, 3],
        [0, 4],
      ],
      model: 'able',
      fallback: 'plain',
    },
  })
  expect(batch).toMatchObject({ rows: [0, 4, 1, 3, 2], groups: [[0, 1], [2, 3], [4]] })
})

test('the first batches are shorter, so that later ones do not end together', () => {
  const batches = planBatches(forecasters, {
    contexts: contexts(...Array(600).fill(3)),
    model: 'able',
    fallback: 'plain',
  })
  expect(batches.map(({ rows }) => rows.length)).toEqual([32, 64, 96, 128, 128, 128, 24])
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
  const detail = takesNoCovariates('plain')
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
