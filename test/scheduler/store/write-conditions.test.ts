import { expect, test } from 'vitest'
import { assertConditions } from '../../../scheduler/store/write-conditions.ts'

const stored = { generation: 2 }

test.each([
  [stored, {}],
  [undefined, {}],
  [undefined, { createOnly: true }],
  [stored, { ifGeneration: 2 }],
])('%j may be written under %j', (before, conditions) => {
  expect(() => assertConditions('mission "cpu"', before, conditions)).not.toThrow()
})

test.each([
  [stored, { createOnly: true }, 'mission "cpu" exists'],
  [stored, { ifGeneration: 1 }, 'mission "cpu" has generation 2, not 1'],
  [undefined, { ifGeneration: 1 }, 'mission "cpu" does not exist, not 1'],
])('%j may not be written under %j: %s', (before, conditions, message) => {
  expect(() => assertConditions('mission "cpu"', before, conditions)).toThrow(message)
})
