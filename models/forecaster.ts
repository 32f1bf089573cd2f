/** A series that a model may look at beside a context. */
export interface Covariate {
  /** Tells it from others of the same context. */
  readonly name: string
  /** As long as its context, and of the same instants; gaps are NaN. */
  readonly past: Float64Array
  /** What is known of it ahead: a value for each step of the horizon; gaps are NaN. */
  readonly future?: Float64Array
}

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
  /** Of each context. A series that several contexts share is one array. */
  readonly covariates?: readonly (readonly Covariate[])[]
  /** Contexts, by index, that are forecast together, each seeing the others; all of one length, none named twice. */
  readonly groups?: readonly (readonly number[])[]
  /** `Forecast.record` of the last forecast of each series, where there is one. */
  readonly records?: readonly (Uint8Array | undefined)[]
}

/** Quantile forecast of one series. */
export interface Forecast {
  /** The levels asked for, in order. */
  readonly levels: readonly number[]
  /** `levels.length x horizon`, level-major; never decreasing from one level to the next at the same step. */
  readonly quantiles: Float64Array
  /** Median path, `horizon` long. */
  readonly median: Float64Array
  /** What the model wants to know at the next forecast of this series; bytes for nobody else. */
  readonly record?: Uint8Array
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
  /** Whether it looks at covariates and groups; other models take no notice of them. */
  readonly takesCovariates?: boolean
  /** Returns one forecast per context, in order. */
  forecast(request: ForecastRequest, signal?: AbortSignal): Promise<Forecast[]>
  close(): Promise<void>
}
