import { afterAll, describe, expect, test } from 'vitest'
import { createInference } from '../../../models/chronos/inference/inference.ts'
import { openModel } from '../../../models/chronos/open-model.ts'
import { runGolden } from './golden-runs.ts'
import { type Goldens, readFixture } from './goldens.ts'
import { editableMutants, editCheckpoint, findRun, halfCheckpoint, neutralEdits } from './mutants.ts'
import { temporaryFolder } from './safetensors-file.ts'

export interface MutantSuite {
  /** Of the goldens, of the checkpoint that is edited, and of the mutants' ids. */
  readonly family: 'bolt' | 'chronos2'
  /** A run of the checkpoint with rows of several lengths. */
  readonly mixed: string
  readonly editable: number
}

/** What a mistake in the graph does to the answers, shown by the same mistake in the weights. */
export function describeMutants({ family, mixed, editable }: MutantSuite): void {
  const goldens: Goldens = readFixture(`${family}.json`)
  const folder = temporaryFolder('mutants')
  afterAll(folder.remove)

  const gapOf = async (files: Readonly<Record<string, Uint8Array>>, runName: string) => {
    const model = openModel(folder.write(files), createInference({ cores: 1 }))
    try {
      const { golden, run } = findRun(goldens, runName)
      return await runGolden(model, goldens, golden, run)
    } finally {
      await model.close()
    }
  }

  /** The run that shows the mistake most among those of the checkpoint that the edit fits. */
  const strongestRun = (runs: Readonly<Record<string, readonly [number, number]>>) => {
    const fitting = Object.entries(runs).filter(([name]) => findRun(goldens, name).golden.checkpoint === family)
    return fitting.reduce((most, run) => (run[1][1] > most[1][1] ? run : most))
  }

  describe('a mistake is seen, and as large as in the real library:', () => {
    test.each(editableMutants(family))('$wrong', async ({ edits = [], strongest, runs }) => {
      const isHere = findRun(goldens, strongest.run).golden.checkpoint === family
      const [name, [, expected]] = isHere ? [strongest.run, [0, strongest.ofTolerance]] : strongestRun(runs)
      const gap = await gapOf(editCheckpoint(family, edits), name)
      expect(gap.ofTolerance).toBeGreaterThan(1)
      expect(gap.ofTolerance / expected).toBeGreaterThan(0.95)
      expect(gap.ofTolerance / expected).toBeLessThan(1.05)
    })

    test(`there are ${editable} that weights can show`, () => {
      expect(editableMutants(family).length).toBe(editable)
    })
  })

  describe('what must not matter does not:', () => {
    test.each(neutralEdits(family))('$id', async ({ edits = [] }) => {
      expect((await gapOf(editCheckpoint(family, edits), mixed)).ofTolerance).toBeLessThan(0.5)
    })
  })

  describe('half precision', () => {
    test.each([
      ['F16', 'float16'],
      ['BF16', 'bfloat16'],
    ] as const)('%s weights are read as what they are', async (dtype, type) => {
      const half = await gapOf(halfCheckpoint(family, dtype), mixed)
      const same = await gapOf(editCheckpoint(family, [{ tensors: '', op: 'round', type }]), mixed)
      expect(half).toEqual(same)
    })
  })
}
