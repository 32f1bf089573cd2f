import { afterAll, expect, test } from 'vitest'
import { chronosForecaster } from '../../../models/chronos/chronos-forecaster.ts'
import { forecasterContract } from '../../contract/forecaster-contract.ts'
import { fixtures } from './goldens.ts'

const opened = ['bolt', 'chronos2'].map((checkpoint) => chronosForecaster({ folder: `${fixtures}/${checkpoint}` }))
afterAll(() => Promise.all(opened.map((forecaster) => forecaster.close())))

// one session for all tests of the contract; what closing does is tested below
for (const forecaster of opened) {
  const name = forecaster.name.slice(fixtures.length + 1)
  forecasterContract(name, () => ({ ...forecaster, close: async () => {} }), { tolerance: 2e-5 })
}

const context = Float64Array.from({ length: 100 }, (_, i) => Math.sin(i / 4) * 10 + (i % 7))
const request = { contexts: [context], endMs: 0, stepMs: 60_000, horizon: 3, levels: [0.5] }

test('a closed forecaster opens again', async () => {
  const forecaster = chronosForecaster({ folder: `${fixtures}/bolt` })
  const [before] = await forecaster.forecast(request)
  await forecaster.close()
  const [after] = await forecaster.forecast(request)
  await forecaster.close()
  expect(after).toEqual(before)
})

test('closing ends a forecast that is under way', async () => {
  const forecaster = chronosForecaster({ folder: `${fixtures}/bolt` })
  await forecaster.forecast(request)
  const underWay = forecaster.forecast({ ...request, horizon: 5_000 })
  const ended = expect(underWay).rejects.toMatchObject({ code: 'MODEL_FAILED' })
  await forecaster.close()
  await ended
})

test('a context may be shorter than what the model takes', () => {
  expect(chronosForecaster({ folder: `${fixtures}/bolt`, maxContext: 100 }).maxContext).toBe(100)
  expect(chronosForecaster({ folder: `${fixtures}/bolt` }).maxContext).toBe(512)
})

test('a folder without checkpoint is refused by name', () => {
  expect(() => chronosForecaster({ folder: './nowhere' })).toThrowError(
    expect.objectContaining({ code: 'MODEL_INVALID', message: expect.stringContaining('./nowhere is no checkpoint') }),
  )
})
