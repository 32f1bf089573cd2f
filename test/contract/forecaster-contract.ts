import { describe, expect, test } from 'vitest'
import type { Forecast, Forecaster, ForecastRequest } from '../../models/forecaster.ts'

const stepMs = 300_000
const dayLength = 288

export interface ContractOptions {
  /** Largest relative error of an affine transform, for models that compute in single precision. */
  readonly tolerance?: number
}

/** What every forecaster must do, whatever it is made of. */
export function forecasterContract(
  name: string,
  make: () => Forecaster | Promise<Forecaster>,
  { tolerance = 1e-9 }: ContractOptions = {},
): void {
  describe(`${name} keeps the forecaster contract`, () => {
    const forecast = async (request: Partial<ForecastRequest>, signal?: AbortSignal): Promise<Forecast[]> => {
      const forecaster = await make()
      try {
        return await forecaster.forecast(
          { contexts: [], endMs: 7 * dayLength * stepMs, stepMs, horizon: 24, levels: [0.1, 0.5, 0.9], ...request },
          signal,
        )
      } finally {
        await forecaster.close()
      }
    }

    test.each([1, 24, 300])('a horizon of %i gives paths and levels of that length', async (horizon) => {
      const contexts = [daily(600, 1), daily(600, 2)]
      const forecasts = await forecast({ contexts, horizon })
      expect(forecasts).toHaveLength(2)
      for (const { median, quantiles, levels } of forecasts) {
        expect(levels).toEqual([0.1, 0.5, 0.9])
        expect(median).toHaveLength(horizon)
        expect(quantiles).toHaveLength(3 * horizon)
        expect(allFinite(median) && allFinite(quantiles)).toBe(true)
      }
    })

    test.each([[[0.5]], [[0.005, 0.995]], [[0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999]]])(
      'levels %j never decrease, and the median lies at 0.5',
      async (levels) => {
        const [made] = await forecast({ contexts: [daily(700, 3)], levels })
        const { quantiles, median } = made as Forecast
        for (let h = 0; h < 24; h++) {
          const column = [...levels.map((level, i) => [level, quantiles[i * 24 + h]]), [0.5, median[h]]] as [
            number,
            number,
          ][]
          const sorted = column.sort((a, b) => a[0] - b[0]).map(([, value]) => value)
          expect(sorted).toEqual([...sorted].sort((a, b) => a - b))
        }
      },
    )

    test('gaps, also at the end, do not reach the forecast', async () => {
      const contexts = [1, 2, 3].map((seed) => daily(800, seed))
      contexts[0]?.fill(Number.NaN, 300, 420)
      contexts[1]?.fill(Number.NaN, 780)
      contexts[2]?.fill(Number.NaN, 0, 790)
      for (const { median, quantiles } of await forecast({ contexts })) {
        expect(allFinite(median) && allFinite(quantiles)).toBe(true)
      }
    })

    test('a context without any value has no forecast', async () => {
      const [nothing, empty, other] = await forecast({
        contexts: [new Float64Array(500).fill(Number.NaN), new Float64Array(), daily(500, 1)],
      })
      expect(nothing?.median.every(Number.isNaN) && nothing.quantiles.every(Number.isNaN)).toBe(true)
      expect(empty?.median.every(Number.isNaN) && empty.quantiles.every(Number.isNaN)).toBe(true)
      expect(allFinite((other as Forecast).median)).toBe(true)
    })

    test.each([0, -3.5, 1e9])('a series that is always %d is forecast as that', async (value) => {
      const [made] = await forecast({ contexts: [new Float64Array(700).fill(value)] })
      for (const predicted of (made as Forecast).median) {
        expect(Math.abs(predicted - value)).toBeLessThanOrEqual(Math.abs(value) * 1e-3)
      }
    })

    test('the shortest context that it accepts is enough', async () => {
      const forecaster = await make()
      const { minContext } = forecaster
      await forecaster.close()
      const [made] = await forecast({ contexts: [daily(minContext, 5)] })
      expect(allFinite((made as Forecast).median) && allFinite((made as Forecast).quantiles)).toBe(true)
    })

    test('a context longer than it uses is cut at its beginning', async () => {
      const forecaster = await make()
      const { maxContext } = forecaster
      await forecaster.close()
      const used = daily(maxContext, 6)
      const longer = Float64Array.of(1e6, -1e6, 1e6, ...used)
      const [cut, whole] = await forecast({ contexts: [longer, used], horizon: 3 })
      expectClose(cut as Forecast, whole as Forecast, tolerance)
    })

    test('the others in a batch, their order and their lengths change nothing', async () => {
      const contexts = [daily(700, 1), daily(90, 2), new Float64Array(50).fill(Number.NaN), daily(333, 3)]
      const together = await forecast({ contexts })
      const reversed = (await forecast({ contexts: contexts.toReversed() })).toReversed()
      for (const [i, context] of contexts.entries()) {
        const [alone] = await forecast({ contexts: [context] })
        expectClose(together[i] as Forecast, alone as Forecast, tolerance)
        expectClose(reversed[i] as Forecast, alone as Forecast, tolerance)
      }
    })

    test('the same request gives the same forecast', async () => {
      const contexts = [daily(700, 1)]
      expect(await forecast({ contexts })).toEqual(await forecast({ contexts }))
    })

    test.each([
      { scale: 1e-3, shift: 0 },
      { scale: 8, shift: 0 },
      { scale: 2, shift: 100 },
    ])('scaled by $scale and shifted by $shift, so is its forecast', async ({ scale, shift }) => {
      const context = daily(700, 4)
      const [plain] = await forecast({ contexts: [context] })
      const [moved] = await forecast({ contexts: [context.map((value) => value * scale + shift)] })
      const expected = (values: Float64Array) => values.map((value) => value * scale + shift)
      const { median, quantiles } = plain as Forecast
      const wanted = { levels: [], median: expected(median), quantiles: expected(quantiles) }
      // single precision of the shifted level is all that a shift leaves
      expectClose(moved as Forecast, wanted, tolerance * (1 + Math.abs(shift)))
    })

    test('covariates and groups change the forecasts of a model that takes them, and of no other', async () => {
      const contexts = [daily(300, 1), daily(300, 2)]
      const covariates = [[{ name: 'load', past: daily(300, 3), future: daily(24, 4) }], []]
      const forecaster = await make()
      const { takesCovariates = false } = forecaster
      await forecaster.close()
      const [plain, other] = await forecast({ contexts })
      const [informed, same] = await forecast({ contexts, covariates })
      const [, joint] = await forecast({ contexts, groups: [[0, 1]] })
      expectClose(same as Forecast, other as Forecast, tolerance)
      expect(informed?.median.some((value, h) => Math.abs(value - (plain?.median[h] ?? 0)) > 1e-3)).toBe(
        takesCovariates,
      )
      expect(joint?.median.some((value, h) => Math.abs(value - (other?.median[h] ?? 0)) > 1e-3)).toBe(takesCovariates)
    })

    test('contexts are left as they were', async () => {
      const context = daily(700, 7)
      context[100] = Number.NaN
      const copy = context.slice()
      await forecast({ contexts: [context] })
      expect(context).toEqual(copy)
    })

    test('forecasts share no memory', async () => {
      const [a, b] = await forecast({ contexts: [daily(700, 1), daily(700, 2)] })
      const before = b?.median.slice()
      a?.median.fill(0)
      a?.quantiles.fill(0)
      expect(b?.median).toEqual(before)
    })

    test('an aborted signal ends it', async () => {
      const reason = new Error('enough')
      await expect(forecast({ contexts: [daily(700, 1)] }, AbortSignal.abort(reason))).rejects.toBe(reason)
    })

    test('no contexts, no forecasts', async () => {
      expect(await forecast({ contexts: [] })).toEqual([])
    })
  })
}

function allFinite(values: Float64Array): boolean {
  return values.every(Number.isFinite)
}

function expectClose(actual: Forecast, expected: Forecast, tolerance: number): void {
  for (const path of ['median', 'quantiles'] as const) {
    expect(actual[path]).toHaveLength(expected[path].length)
    for (const [i, value] of expected[path].entries()) {
      const other = actual[path][i] as number
      if (Number.isNaN(value)) expect(other).toBeNaN()
      else expect(Math.abs(other - value)).toBeLessThanOrEqual(tolerance * (1 + Math.abs(value)))
    }
  }
}

/** A day's wave with noise that is the same for a seed. */
function daily(length: number, seed: number): Float64Array {
  let state = seed * 2_654_435_761
  return Float64Array.from({ length }, (_, i) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return 10 + 4 * Math.sin((2 * Math.PI * i) / dayLength) + state / 2 ** 32
  })
}
