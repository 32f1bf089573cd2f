import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Forecast, Forecaster, ForecastRequest } from '../../models/forecaster.ts'
import { levels, normalQuantiles } from './levels.ts'
import { filled, naive, quantilesFrom } from './references.ts'
import { seasonOf } from './windows.ts'

/** What both models of augurs do. */
interface AugursModel {
  fit(values: Float64Array): void
  predict(horizon: number, level: number): { point: number[]; intervals: { upper: number[] } | undefined }
  free(): void
}

type MakeModel = (context: Float64Array, season: number) => AugursModel

/** Exponential smoothing with automatic choice of error and trend; it has no seasonal ones in augurs. */
export const ets = (): Forecaster => augurs('ets', openEts)

/** Seasonal decomposition by loess with ETS on the rest; ETS alone where two seasons do not fit. */
export const mstl = (): Forecaster =>
  augurs('mstl', async () => {
    const { default: init, MSTL } = await import('@bsull/augurs/mstl')
    await init({ module_or_path: await readWasm('mstl') })
    const makeEts = await openEts()
    return (context, season) => (2 * season < context.length ? MSTL.ets([season]) : makeEts(context, season))
  })

async function openEts(): Promise<MakeModel> {
  const { default: init, AutoETS } = await import('@bsull/augurs/ets')
  await init({ module_or_path: await readWasm('ets') })
  return () => new AutoETS(1, 'ZZN')
}

/** A development dependency, so it is looked for only when it is used. */
function readWasm(name: string): Promise<Buffer> {
  return readFile(fileURLToPath(import.meta.resolve(`@bsull/augurs/${name}`)).replace(/\.js$/, '_bg.wasm'))
}

const outermost = { interval: 0.98, normal: normalQuantiles.at(-1)! }

/** At the levels of the bench only. */
function augurs(name: string, open: () => Promise<MakeModel>): Forecaster {
  let opened: Promise<MakeModel> | undefined
  return {
    ...{ name, minContext: 10, maxContext: 2_048 },
    async forecast(request, signal) {
      opened ??= open()
      const make = await opened
      return request.contexts.map((context) => {
        signal?.throwIfAborted()
        return forecastSeries(context, request, make)
      })
    },
    close: async () => {},
  }
}

function forecastSeries(context: Float64Array, { horizon, stepMs }: ForecastRequest, make: MakeModel): Forecast {
  const season = seasonOf(stepMs)
  const model = make(context, season)
  try {
    model.fit(filled(context))
    const { point, intervals } = model.predict(horizon, outermost.interval)
    // its intervals are normal, so one of them tells all
    const deviation = point.map((value, h) => ((intervals?.upper[h] ?? value) - value) / outermost.normal)
    return toForecast(
      quantilesFrom(horizon, (level, h) => point[h]! + normalQuantiles[level]! * deviation[h]!),
      horizon,
    )
  } catch (error) {
    // it says so with a text where no model fits
    if (typeof error !== 'string' && !(error instanceof Error && error.message === 'no model found')) throw error
    return toForecast(naive({ context, season }, horizon), horizon)
  } finally {
    model.free()
  }
}

function toForecast(quantiles: Float64Array, horizon: number): Forecast {
  const middle = levels.indexOf(0.5)
  return { levels, quantiles, median: quantiles.slice(middle * horizon, (middle + 1) * horizon) }
}
