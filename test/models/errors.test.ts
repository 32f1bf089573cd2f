import { expect, test } from 'vitest'
import { AppError, toAppError } from '../../models/errors.ts'

test('a code says whether another attempt is worth it', () => {
  expect(new AppError('STORE_UNAVAILABLE', 'gone').retryable).toBe(true)
  expect(new AppError('QUERY_REJECTED', 'bad').retryable).toBe(false)
})

test('what is thrown keeps its code, or gets one and stays the cause', () => {
  const known = new AppError('NOT_FOUND', 'no mission m')
  expect(toAppError(known, 'INTERNAL')).toBe(known)
  const cause = new TypeError('x is undefined')
  expect(toAppError(cause, 'MODEL_FAILED')).toMatchObject({ code: 'MODEL_FAILED', message: 'x is undefined', cause })
  expect(toAppError('boom')).toMatchObject({ code: 'INTERNAL', message: 'boom' })
})
