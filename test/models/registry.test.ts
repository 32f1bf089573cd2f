import { expect, test } from 'vitest'
import { createForecasters, forecasterFactories, isModelPath } from '../../models/registry.ts'
import { seasonalNaive } from '../../models/seasonal-naive.ts'
import type { Forecasters } from '../../tasks/deps.ts'

test.each(Object.keys(forecasterFactories))('%s is registered under its own name', (name) => {
  const forecasters: Forecasters = createForecasters()
  expect(forecasters.get(name).name).toBe(name)
  expect(forecasters.names).toContain(name)
})

test.each(['chronos-3', 'constructor', ''])('%j is no model, and the error says what there is', (name) => {
  expect(() => createForecasters().get(name)).toThrowError(
    expect.objectContaining({ code: 'MODEL_UNKNOWN', message: expect.stringMatching(`"${name}".*seasonal-naive`) }),
  )
})

test.each([
  ['./models/mine', true],
  ['../mine', true],
  ['/models/mine', true],
  ['C:\\models\\mine', true],
  ['models/mine', false],
  ['amazon/chronos-2', false],
  ['.', false],
  ['', false],
])('whether %j is the path of a folder: %s', (name, expected) => {
  expect(isModelPath(name)).toBe(expected)
})

test('a path of a folder that is not there is refused by name', () => {
  expect(() => createForecasters().get('./nowhere')).toThrowError(
    expect.objectContaining({ code: 'MODEL_MISSING', message: expect.stringContaining('./nowhere') }),
  )
})

test('a model is made once, when it is first asked for, and closed with the registry', async () => {
  const events: string[] = []
  const forecasters = createForecasters({
    used: () => {
      events.push('made')
      return { ...seasonalNaive(), close: async () => void events.push('closed') }
    },
    unused: () => {
      throw new Error('made in vain')
    },
  })
  expect(forecasters.get('used')).toBe(forecasters.get('used'))
  await forecasters.close()
  expect(events).toEqual(['made', 'closed'])
})
