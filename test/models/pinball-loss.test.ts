import { expect, test } from 'vitest'
import { pinballLoss } from '../../models/pinball-loss.ts'

test('the loss of a median is its absolute error', () => {
  expect(pinballLoss({ levels: [0.5], quantiles: [1, 2, 3], steps: 3 }, [2, 4, 0])).toEqual({ mean: 2, observed: 3 })
})

test('what lies above the 0.9 quantile costs nine times what lies as far below it', () => {
  const loss = (value: number) => pinballLoss({ levels: [0.9], quantiles: [0], steps: 1 }, [value]).mean
  expect(loss(1)).toBeCloseTo(1.8)
  expect(loss(-1)).toBeCloseTo(0.2)
})

test('gaps do not count, and nothing observed has no loss', () => {
  const paths = { levels: [0.5], quantiles: [1, 1, 1], steps: 3 }
  expect(pinballLoss(paths, [2, Number.NaN])).toEqual({ mean: 1, observed: 1 })
  expect(pinballLoss(paths, [Number.NaN])).toEqual({ mean: Number.NaN, observed: 0 })
})
