import { expect, test } from 'vitest'
import { planCopies } from '../../../../models/chronos/inference/plan-copies.ts'

const tiny = { name: 'tiny', parameters: 9e6, weightBytes: 36e6 }
const large = { name: './large', parameters: 120e6, weightBytes: 480e6 }

test.each([
  { name: 'a small model has a copy for each core', model: tiny, cores: 4, memoryBytes: 8e9, copies: 4, threads: 1 },
  { name: 'a large one has all threads', model: large, cores: 4, memoryBytes: 8e9, copies: 1, threads: 4 },
  { name: 'less memory, fewer copies', model: tiny, cores: 4, memoryBytes: 400e6, copies: 2, threads: 2 },
  {
    name: 'more memory to work in, fewer copies',
    model: { ...tiny, workBytes: 300e6 },
    ...{ cores: 4, memoryBytes: 800e6, copies: 2, threads: 2 },
  },
  { name: 'one core', model: tiny, cores: 1, memoryBytes: 8e9, copies: 1, threads: 1 },
  {
    name: 'so many cores that feeding is the limit',
    model: tiny,
    cores: 64,
    memoryBytes: 64e9,
    copies: 16,
    threads: 4,
  },
])('$name', ({ model, cores, memoryBytes, copies, threads }) => {
  expect(planCopies(model, { cores, memoryBytes })).toMatchObject({ copies, threads })
})

test('a model that cannot fit is refused with the sum', () => {
  expect(() => planCopies(large, { cores: 2, memoryBytes: 700e6 })).toThrowError(
    expect.objectContaining({
      code: 'MODEL_TOO_LARGE',
      message:
        './large needs 728 MB (480 MB of weights x 1.25 + 128 MB to work with); all models together may take 700 MB',
    }),
  )
})
