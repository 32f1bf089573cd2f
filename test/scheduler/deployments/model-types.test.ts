import { expect, test } from 'vitest'
import { modelOfType } from '../../../scheduler/deployments/model-types.ts'

const installed = ['auto', 'chronos-embedded', 'seasonal-naive', 'theta']

test.each([
  ['lgbm', 'auto'],
  ['LightGBM', 'auto'],
  ['chronos', 'chronos-embedded'],
  ['seasonal_naive', 'seasonal-naive'],
  ['theta', 'theta'],
  ['./models/Mine', './models/Mine'],
])('%s is forecast by %s', (type, model) => {
  expect(modelOfType(type, installed)).toBe(model)
})

test.each(['prophet', 'constructor', ''])('"%s" is refused with those that there are', (type) => {
  expect(() => modelOfType(type, installed)).toThrow(
    `model_type: there is no "${type}" yet; there is auto, chronos, chronos-embedded, lgbm, lightgbm,`,
  )
})
