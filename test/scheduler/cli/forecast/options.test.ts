import { expect, test } from 'vitest'
import { AppError } from '../../../../models/errors.ts'
import { namingOptions } from '../../../../scheduler/cli/forecast/options.ts'

test.each([
  ['/predictionLength: Too big', '--horizon: Too big'],
  ['/quantileLevels/1: Too big; /asOf: in the future', '--quantiles: Too big; --as-of: in the future'],
  ['/covariates/calendar/0: odd', '--covariates calendar/0: odd'],
  ['/series/3: the same', '/series/3: the same'],
  ['/confidenceLevel: give it or quantileLevels', '--confidence: give it or --quantiles'],
  ['the body does not fit: /step: odd', '--step: odd'],
])('%s becomes %s', (message, named) => {
  expect(namingOptions(new AppError('INVALID_PARAMS', message), {}).message).toBe(named)
})

test.each([
  { code: 'QUERY_REJECTED', option: '--promql' },
  { code: 'MODEL_MISSING', option: '--model' },
  { code: 'MODEL_INVALID', model: './here', option: '--model' },
] as const)('$code is wrong input, by every route', ({ code, option, ...values }) => {
  const { code: named, message } = namingOptions(new AppError(code, 'odd'), values)
  expect({ named, message }).toEqual({ named: 'INVALID_PARAMS', message: `${option}: odd` })
})

test('a model of the store that is broken is no wrong input', () => {
  const error = new AppError('MODEL_INVALID', 'odd')
  expect(namingOptions(error, { model: 'chronos-2' })).toBe(error)
})

test('other errors are left alone', () => {
  const error = new AppError('MODEL_FAILED', '/model: broken')
  expect(namingOptions(error, {})).toBe(error)
})
