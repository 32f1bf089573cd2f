import { AppError } from '../../models/errors.ts'
import type { Forecaster, ForecastRequest } from '../../models/forecaster.ts'
import type { Deps, Forecasters, TaskMetrics } from '../../tasks/deps.ts'
import { type FakeCache, fakeCache } from './fake-cache.ts'
import { type FakeMarks, fakeMarks } from './fake-marks.ts'
import { type FakeStore, fakeStore } from './fake-store.ts'

export interface FakeMetrics extends TaskMetrics {
  readonly fallbacks: { readonly reason: string; readonly seriesCount: number }[]
  readonly inferences: { readonly model: string; readonly seriesCount: number }[]
  readonly lookups: { hits: number; misses: number }
  readonly missing: number[]
}

export interface FakeDeps extends Deps {
  readonly store: FakeStore
  readonly cache: FakeCache
  readonly marks: FakeMarks
  readonly metrics: FakeMetrics
}

export interface FakeDepsOptions {
  readonly store?: FakeStore
  readonly forecasters?: readonly Forecaster[]
  readonly signal?: AbortSignal
}

/** Every port in memory. */
export function fakeDeps(options: FakeDepsOptions = {}): FakeDeps {
  const store = options.store ?? fakeStore()
  return {
    store,
    reader: store.reader,
    writer: store.writer,
    cache: fakeCache(),
    marks: fakeMarks(),
    forecasters: fakeForecasters(options.forecasters ?? [fakeForecaster('flat')]),
    metrics: fakeMetrics(),
    signal: options.signal ?? new AbortController().signal,
  }
}

export function fakeForecasters(forecasters: readonly Forecaster[]): Forecasters {
  const names = forecasters.map(({ name }) => name)
  return {
    names,
    get(name) {
      const found = forecasters.find((forecaster) => forecaster.name === name)
      if (!found) throw new AppError('MODEL_UNKNOWN', `no model ${name}: there is ${names.join(', ')}`)
      return found
    },
  }
}

export interface FakeForecaster extends Forecaster {
  readonly requests: ForecastRequest[]
}

interface FakeForecasterOptions {
  readonly spread?: number
  readonly error?: Error
  readonly takesCovariates?: boolean
}

/** The last finite value, with quantiles as far from it as `spread` times the standard logit of their level. */
export function fakeForecaster(name: string, options: FakeForecasterOptions = {}) {
  const { spread = 1, error, takesCovariates = false } = options
  const requests: ForecastRequest[] = []
  const forecaster: FakeForecaster = {
    name,
    requests,
    minContext: 1,
    maxContext: 10_000,
    takesCovariates,
    async forecast(request) {
      requests.push(request)
      if (error) throw error
      return request.contexts.map((context) => flatForecast(context, request, spread))
    },
    close: async () => {},
  }
  return forecaster
}

function flatForecast(context: Float64Array, { levels, horizon }: ForecastRequest, spread: number) {
  const last = context.findLast(Number.isFinite) ?? Number.NaN
  const quantiles = new Float64Array(levels.length * horizon)
  levels.forEach((level, i) => {
    quantiles.fill(last + spread * Math.log(level / (1 - level)), i * horizon, (i + 1) * horizon)
  })
  return { levels, quantiles, median: new Float64Array(horizon).fill(last) }
}

function fakeMetrics(): FakeMetrics {
  const metrics: Pick<FakeMetrics, 'fallbacks' | 'inferences' | 'lookups' | 'missing'> = {
    fallbacks: [],
    inferences: [],
    lookups: { hits: 0, misses: 0 },
    missing: [],
  }
  return {
    ...metrics,
    fallbackUsed: (reason, seriesCount) => void metrics.fallbacks.push({ reason, seriesCount }),
    inference: (model, _seconds, seriesCount) => void metrics.inferences.push({ model, seriesCount }),
    cacheLookup(hit) {
      metrics.lookups[hit ? 'hits' : 'misses'] += 1
    },
    covariatesMissing: (count) => void metrics.missing.push(count),
  }
}
