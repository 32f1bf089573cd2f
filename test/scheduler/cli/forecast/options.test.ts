import { expect, test } from 'vitest'
import { AppError } from '../../../../models/errors.ts'
import { namingOptions } from '../../../../scheduler/cli/forecast/options.ts'

test.each([
  ['/predictionLength: Too big', '--horizon: Too big'],
  ['/quantileLevels/1: Too big; /asOf: in the future', '--quantiles: Too big; --as-of: in the future'],
  ['/series/3: the same', '/series/3: the same'],
])('%s becomes %s', (message, named) => {
  expect(namingOptions(new AppError('INVALID_PARAMS', message)).message).toBe(named)
})

test('other errors are left alone', () => {
  const error = new AppError('MODEL_FAILED', '/model: broken')
  expect(namingOptions(error)).toBe(error)
})
