import type { Labels } from '../../models/series.ts'

/** What one series was forecast to do, before it is written out. */
export interface SeriesForecast {
  readonly labels: Labels
  /** Instant of the last value of its history; the first prediction is a step later. */
  readonly endMs: number
  /** Finite values that the model saw. */
  readonly historyPoints: number
  /** The newest values, as many as were asked for. */
  readonly history: Float64Array
  /** `levels x horizon`, level-major; undefined where the series was skipped. */
  readonly quantiles?: Float64Array
  readonly median?: Float64Array
  /** Why it was not forecast. */
  readonly skipped?: string
}

export interface Prediction {
  readonly time: string
  readonly horizonStep: number
  /** Median; null where the model gave no number. */
  readonly value: number | null
  /** Quantile of the lowest level, null where none is at or below one half. */
  readonly lower: number | null
  readonly upper: number | null
  readonly quantiles: Readonly<Record<string, number | null>>
}

export interface SeriesAnswer {
  readonly labels: Labels
  readonly historyPoints: number
  readonly skipped?: string
  readonly history?: { readonly start: string; readonly values: readonly (number | null)[] }
  readonly predictions: readonly Prediction[]
}

export interface AnswerGrid {
  readonly stepMs: number
  /** Ascending. */
  readonly levels: readonly number[]
}

/** One series of an answer. */
export function describeForecast(series: SeriesForecast, { stepMs, levels }: AnswerGrid): SeriesAnswer {
  const { labels, endMs, historyPoints, history, skipped } = series
  return {
    labels,
    historyPoints,
    ...(skipped !== undefined && { skipped }),
    ...(history.length > 0 && {
      history: { start: instant(endMs - (history.length - 1) * stepMs), values: Array.from(history, orNull) },
    }),
    predictions: predictions(series, { stepMs, levels }),
  }
}

function predictions({ endMs, quantiles, median }: SeriesForecast, { stepMs, levels }: AnswerGrid): Prediction[] {
  if (!quantiles || !median) return []
  const names = levels.map(String)
  const hasLower = (levels[0] ?? 1) <= 0.5
  const hasUpper = (levels.at(-1) ?? 0) >= 0.5
  return Array.from(median, (value, h) => {
    const at = (level: number) => orNull(quantiles[level * median.length + h]!)
    return {
      time: instant(endMs + (h + 1) * stepMs),
      horizonStep: h + 1,
      value: orNull(value),
      lower: hasLower ? at(0) : null,
      upper: hasUpper ? at(levels.length - 1) : null,
      quantiles: Object.fromEntries(names.map((name, i) => [name, at(i)])),
    }
  })
}

const orNull = (value: number): number | null => (Number.isFinite(value) ? value : null)
const instant = (ms: number): string => new Date(ms).toISOString()
