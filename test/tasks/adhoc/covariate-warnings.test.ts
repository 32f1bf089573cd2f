import { expect, test } from 'vitest'
import { covariateWarnings } from '../../../tasks/adhoc/covariate-warnings.ts'

test('a sentence for each covariate that is not there as it was meant to be', () => {
  const use = { used: { load: 3 }, missing: { load: 1 }, unvarying: { holiday: 4 }, unknownAhead: { plan: 2 } }
  expect(covariateWarnings(use)).toEqual([
    'covariate "load" is missing, so they are forecast without it (1 series)',
    'covariate "holiday" never changes in the history, so they are forecast without it (4 series)',
    'covariate "plan" is not known at any step ahead (2 series)',
  ])
})
