import { expect, test } from 'vitest'
import { assessCovariate } from '../../../tasks/covariates/assess-covariate.ts'
import { covariateTally, sumUses } from '../../../tasks/covariates/covariate-tally.ts'

test('series are counted by covariate and by what there is of it', () => {
  const { count, use } = covariateTally()
  const found = (past: number[], future?: number[]) =>
    assessCovariate(
      { name: 'any', past: Float64Array.from(past), ...(future && { future: Float64Array.from(future) }) },
      10,
    )
  count('load', found([1, 2]))
  count('load', undefined)
  count('load', found([1, 3]))
  count('plan', found([1, 2], [Number.NaN]))
  count('holiday', found([0, 0], [1]))
  count('constructor', found([1, 2]))
  expect(use).toEqual({
    used: { load: 2, plan: 1, constructor: 1 },
    missing: { load: 1 },
    unvarying: { holiday: 1 },
    unknownAhead: { plan: 1 },
  })
})

test('parts of a forecast are counted together', () => {
  const none = { missing: {}, unvarying: {}, unknownAhead: {} }
  const missing = { used: {}, ...none, missing: { load: 3 } }
  expect(sumUses([{ used: { load: 1 }, ...none }, missing, { used: { load: 2, plan: 1 }, ...none }])).toEqual({
    ...{ used: { load: 3, plan: 1 }, missing: { load: 3 }, unvarying: {}, unknownAhead: {} },
  })
})

test('a covariate may be called like what every object has', () => {
  const { count, use } = covariateTally()
  count('constructor', undefined)
  expect(use.missing).toEqual({ constructor: 1 })
  expect(sumUses([use, use]).missing).toEqual({ constructor: 2 })
})
