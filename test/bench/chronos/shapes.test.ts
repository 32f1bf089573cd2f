import { expect, test } from 'vitest'
import { randomCheckpoint } from '../../../bench/chronos/random-checkpoint.ts'
import { operationsOf, shapes } from '../../../bench/chronos/shapes.ts'
import { openCheckpoint } from '../../../models/chronos/checkpoint/open-checkpoint.ts'

const billions = (name: string, context: number) => {
  const shape = shapes.find((candidate) => candidate.name === name)
  return shape && operationsOf(shape, context) / 1e9
}

// counted by another program, op by op
test.each([
  ['bolt-tiny', 512, 0.241],
  ['bolt-base', 512, 6.03],
  ['bolt-small', 2_048, 5.425],
  ['chronos-2 28M', 512, 1.75],
  ['chronos-2 120M', 2_048, 27.7],
])('%s takes at context %i %d billion operations', (name, context, expected) => {
  expect(Math.abs((billions(name, context) ?? 0) / expected - 1)).toBeLessThan(0.03)
})

test('a random checkpoint can be opened', () => {
  const { folder, remove } = randomCheckpoint({
    ...shapes[0]!,
    width: 64,
    feedForward: 64,
    layers: 1,
    decoderLayers: 1,
  })
  expect(openCheckpoint(folder).config).toMatchObject({ family: 'bolt', width: 64, contextLength: 2_048 })
  remove()
})
