import { expect, test } from 'vitest'
import { rollingQuantiles } from '../../models/rolling-quantiles.ts'
import { forecasterContract } from '../contract/forecaster-contract.ts'
import { baselines } from '../fixtures/statistical/baselines.ts'

forecasterContract('rolling quantiles', () => rollingQuantiles())

const request = { endMs: 0, stepMs: 60_000, horizon: 2, levels: baselines.levels }

test.each(baselines.cases)('$name has the quantiles of the reference', async ({ values, rolling }) => {
  const [made] = await rollingQuantiles().forecast({ ...request, contexts: [Float64Array.from(values)] })
  for (const [level, value] of rolling.entries()) {
    expect(made?.quantiles[2 * level]).toBeCloseTo(value, 8)
    expect(made?.quantiles[2 * level + 1]).toBeCloseTo(value, 8)
  }
})

test('gaps do not count among the last 64 values', async () => {
  const values = Float64Array.from({ length: 300 }, (_, i) => (i % 2 === 0 ? Number.NaN : i))
  const [made] = await rollingQuantiles().forecast({ ...request, contexts: [values], levels: [0, 1] })
  expect([made?.quantiles[0], made?.quantiles[2]]).toEqual([299 - 2 * 63, 299])
})
