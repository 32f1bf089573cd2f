import { expect, test } from 'vitest'
import { modelAbilities } from '../../../tasks/publish/model-abilities.ts'
import { fakeForecaster, fakeForecasters } from '../../fakes/fake-deps.ts'

test('a model says what it can do; of one that is missing everything is expected', () => {
  const { takesCovariates: _, ...silent } = fakeForecaster('silent')
  const forecasters = fakeForecasters([silent, fakeForecaster('able', { takesCovariates: true })])
  expect(modelAbilities(forecasters, 'able')).toEqual({ minContext: 1, maxContext: 10_000, takesCovariates: true })
  expect(modelAbilities(forecasters, 'silent')).toMatchObject({ takesCovariates: false })
  expect(modelAbilities(forecasters, 'gone')).toEqual({ minContext: 0, maxContext: Infinity, takesCovariates: true })
})
