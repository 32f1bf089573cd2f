import { afterAll, expect, test } from 'vitest'
import { modelCache, runGolden } from '../golden-runs.ts'
import { type Goldens, readFixture } from '../goldens.ts'
import { mergeAdapter } from '../merged-adapter.ts'
import { findRun } from '../mutants.ts'
import { temporaryFolder } from '../safetensors-file.ts'

const goldens: Goldens = readFixture('chronos2.json')
const folder = temporaryFolder('lora')
const models = modelCache()
afterAll(async () => {
  await models.close()
  folder.remove()
})

test('a fine-tune whose adapter was merged forecasts as the real library does with the adapter', async () => {
  const { golden, run } = findRun(goldens, 'c15-lora h40')
  const merged = models.get(folder.write(mergeAdapter('chronos2', 'chronos2-lora')))
  const gap = await runGolden(merged, goldens, golden, run)
  expect(gap.count).toBeGreaterThan(0)
  expect(gap.ofTolerance).toBeLessThan(0.5)
})
