import { expect, test } from 'vitest'
import { AppError, type ErrorCode } from '../../../models/errors.ts'
import { checkDefaultModels } from '../../../scheduler/inference/check-default-models.ts'
import type { Logger } from '../../../scheduler/process/log.ts'
import { fakeForecaster } from '../../fakes/fake-deps.ts'

const defaults = { model: './chronos', fallback: 'seasonal-naive', maxSeries: 1 }

/** What is logged at the start of a worker whose models give this error. */
function check(problem?: ErrorCode): object[] {
  const logged: object[] = []
  const logger = { warn: (fields: object) => void logged.push(fields) } as unknown as Logger
  const get = (name: string) => {
    if (name === defaults.model && problem) throw new AppError(problem, `${name}: no`)
    return fakeForecaster(name)
  }
  checkDefaultModels({ names: [], get }, defaults, logger)
  return logged
}

test('a default model that does not fit refuses the start', () => {
  expect(() => check('MODEL_TOO_LARGE')).toThrowError(expect.objectContaining({ code: 'MODEL_TOO_LARGE' }))
})

test('one that is missing is told, for it may come', () => {
  expect(check('MODEL_INVALID')).toEqual([{ model: './chronos', code: 'MODEL_INVALID', error: './chronos: no' }])
})

test('nothing is said of models that are there', () => {
  expect(check()).toEqual([])
})
