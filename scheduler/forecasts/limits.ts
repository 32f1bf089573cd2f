import type { ForecastKind } from './types.ts'

/** Bounds of forecasts that are asked for by the API; what is kept of them is bounded per tenant. */
export const forecastLimits = {
  /** Series, and series x steps x levels: an answer of the latter has 100 bytes for each. */
  size: {
    request: { series: 1_000, values: 60_000 },
    job: { series: 10_000, values: 2_000_000 },
  } satisfies Record<ForecastKind, { series: number; values: number }>,
  bodyBytes: { request: 2 ** 20, job: 2 ** 24 } satisfies Record<ForecastKind, number>,
  /** Forecasts of a tenant that wait or are at work. */
  pending: 20,
  /** Of a tenant: how many are kept, how long, and the bytes of their results. */
  kept: 200,
  keepMs: 7 * 86_400_000,
  keptBytes: 2 ** 26,
  resultBytes: 2 ** 24,
  /** Who waited longer was lost: an input is kept no longer. */
  inputMs: 3_600_000,
  /** Of one attempt. */
  timeoutMs: 600_000,
} as const
