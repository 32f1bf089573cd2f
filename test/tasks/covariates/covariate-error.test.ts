import { expect, test } from 'vitest'
import { AppError } from '../../../models/errors.ts'
import { covariateError } from '../../../tasks/covariates/covariate-error.ts'

test('an error keeps what it is, says whose it is and points to that query', () => {
  const problems = [{ pointer: '/query', detail: 'unclosed (' }]
  const error = new AppError('QUERY_REJECTED', 'vm: unclosed (', { problems, retryAfterMs: 5 })
  expect(covariateError(error, { name: 'load', place: 2 })).toMatchObject({
    ...{ code: 'QUERY_REJECTED', message: 'covariate "load": vm: unclosed (', retryAfterMs: 5 },
    problems: [{ pointer: '/covariates/queries/2/query', detail: 'unclosed (' }],
  })
})
