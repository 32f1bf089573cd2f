export interface ForecastRequest {
  /** One context per series, oldest value first, each ending at `endMs`; gaps are NaN. Lengths may differ. */
  readonly contexts: readonly Float64Array[]
  /** Instant of the last context value. */
  readonly endMs: number
  readonly stepMs: number
  /** Steps to forecast: the first is at `endMs + stepMs`. */
  readonly horizon: number
  /** Ascending levels in (0, 1). */
  readonly levels: readonly number[]
}

/** Quantile forecast of one series. */
export interface Forecast {
  /** The levels asked for, in order. */
  readonly levels: readonly number[]
  /** `levels.length x horizon`, level-major; never decreasing from one level to the next at the same step. */
  readonly quantiles: Float64Array
  /** Median path, `horizon` long. */
  readonly median: Float64Array
}

/** One forecasting model. Implementations hold no state between calls other than what they must close. */
export interface Forecaster {
  readonly name: string
  /** Of its files: a hub's commit. Absent where a model has none. */
  readonly revision?: string
  /** Fewest finite context points the model accepts. */
  readonly minContext: number
  /** Longest context used, in steps; earlier values are dropped. */
  readonly maxContext: number
  /** Returns one forecast per context, in order. */
  forecast(request: ForecastRequest, signal?: AbortSignal): Promise<Forecast[]>
  close(): Promise<void>
}
