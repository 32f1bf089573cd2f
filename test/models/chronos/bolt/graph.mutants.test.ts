import { afterAll, describe, expect, test } from 'vitest'
import { createInference } from '../../../../models/chronos/inference/inference.ts'
import { openModel } from '../../../../models/chronos/open-model.ts'
import { runGolden } from '../golden-runs.ts'
import { type Goldens, readFixture } from '../goldens.ts'
import { editableMutants, editCheckpoint, findRun, halfCheckpoint, neutralEdits } from '../mutants.ts'
import { temporaryFolder } from '../safetensors-file.ts'

const goldens: Goldens = readFixture('bolt.json')
const folder = temporaryFolder('mutants')
afterAll(folder.remove)

async function gapOf(files: Readonly<Record<string, Uint8Array>>, runName: string) {
  const model = openModel(folder.write(files), createInference({ cores: 1 }))
  try {
    const { golden, run } = findRun(goldens, runName)
    return await runGolden(model, goldens, golden, run)
  } finally {
    await model.close()
  }
}

/** The run that shows the mistake most among those of the checkpoint that the edit fits. */
function strongestRun(runs: Readonly<Record<string, readonly [number, number]>>) {
  const fitting = Object.entries(runs).filter(([name]) => findRun(goldens, name).golden.checkpoint === 'bolt')
  return fitting.reduce((most, run) => (run[1][1] > most[1][1] ? run : most))
}

describe('a mistake is seen, and as large as in the real library:', () => {
  test.each(editableMutants('bolt'))('$wrong', async ({ edits = [], strongest, runs }) => {
    const isHere = findRun(goldens, strongest.run).golden.checkpoint === 'bolt'
    const [name, [, expected]] = isHere ? [strongest.run, [0, strongest.ofTolerance]] : strongestRun(runs)
    const gap = await gapOf(editCheckpoint('bolt', edits), name)
    expect(gap.ofTolerance).toBeGreaterThan(1)
    expect(gap.ofTolerance / expected).toBeGreaterThan(0.95)
    expect(gap.ofTolerance / expected).toBeLessThan(1.05)
  })

  test('there are 17 that weights can show', () => {
    expect(editableMutants('bolt').length).toBe(17)
  })
})

describe('what must not matter does not:', () => {
  test.each(neutralEdits('bolt'))('$id', async ({ edits = [] }) => {
    expect((await gapOf(editCheckpoint('bolt', edits), 'b09-mixed h64')).ofTolerance).toBeLessThan(0.5)
  })
})

describe('half precision', () => {
  const run = 'b09-mixed h64'

  test.each([
    ['F16', 'float16'],
    ['BF16', 'bfloat16'],
  ] as const)('%s weights are read as what they are', async (dtype, type) => {
    const half = await gapOf(halfCheckpoint('bolt', dtype), run)
    const same = await gapOf(editCheckpoint('bolt', [{ tensors: '', op: 'round', type }]), run)
    expect(half).toEqual(same)
  })
})
