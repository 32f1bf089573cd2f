import { availableParallelism, totalmem } from 'node:os'
import { expect, test } from 'vitest'
import { inferenceOptions, inferenceSettings } from '../../../scheduler/inference/settings.ts'

const optionsOf = (written: object, limits = {}) =>
  inferenceOptions(inferenceSettings.parse(written), { cores: undefined, memoryBytes: undefined, ...limits })

test('without limits the machine counts', () => {
  const { cores, memoryBytes } = optionsOf({})
  expect(cores).toBe(availableParallelism())
  expect(memoryBytes).toBe(totalmem() * 0.7)
})

test.each([
  { quota: 0.5, cores: 1 },
  { quota: 1.9, cores: 1 },
  { quota: 10_000, cores: availableParallelism() },
])('a quota of $quota cores lets $cores compute', ({ quota, cores }) => {
  expect(optionsOf({}, { cores: quota }).cores).toBe(cores)
})

test('a memory limit leaves a part to everything else', () => {
  expect(optionsOf({}, { memoryBytes: 1e9 }).memoryBytes).toBe(0.7e9)
})

test('what is written wins', () => {
  const written = {
    threads: 7,
    memoryMb: 300,
    idleUnload: '30s',
    device: 'cuda',
    precision: 'int8',
    batchTokens: 1_000,
  }
  expect(optionsOf(written, { cores: 1, memoryBytes: 1 })).toEqual({
    ...{ cores: 7, memoryBytes: 3e8, idleUnloadMs: 30_000, device: 'cuda', precision: 'int8', batchTokens: 1_000 },
    queueSeries: 4_096,
  })
})
