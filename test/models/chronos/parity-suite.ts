import { afterAll, describe, expect, test } from 'vitest'
import { modelCache, runGolden } from './golden-runs.ts'
import { fixtures, type Goldens, readFixture, runName } from './goldens.ts'

/** Every golden run of a family against what our pipeline answers. */
export function describeParity(family: 'bolt' | 'chronos2'): void {
  const goldens: Goldens = readFixture(`${family}.json`)
  const { mutants }: { readonly mutants: readonly { readonly id: string; readonly runs: object }[] } =
    readFixture('mutants.json')
  const models = modelCache()
  afterAll(models.close)

  const runsOf = (isOptional: boolean) =>
    goldens.cases
      .filter(({ optional }) => (optional !== undefined) === isOptional)
      .flatMap((golden) => golden.runs.map((run) => ({ name: runName(golden, run), golden, run })))
  const runs = runsOf(false)

  describe(`${family} forecasts what the real library does`, () => {
    test.each(runs)('$name', async ({ golden, run }) => {
      const gap = await runGolden(models.get(`${fixtures}/${golden.checkpoint}`), goldens, golden, run)
      expect(gap.count).toBeGreaterThan(0)
      // a correct port has been measured below 0.3: rounding is no excuse for more than half
      expect(gap.ofTolerance).toBeLessThan(0.5)
    })

    test('in every run that one of the known mistakes would show in', () => {
      const compared = new Set(runs.map(({ name }) => name))
      const optional = new Set(runsOf(true).map(({ name }) => name))
      const mistakes = mutants.filter(({ id }) => id.startsWith(`${family}.`))
      expect(mistakes.length).toBeGreaterThan(60)
      for (const mistake of mistakes) {
        const required = Object.keys(mistake.runs).filter((name) => !optional.has(name))
        expect(required.length).toBeGreaterThan(0)
        expect(required.filter((name) => !compared.has(name))).toEqual([])
      }
    })
  })
}
