import type { SeriesAnswer } from '../../../tasks/adhoc/describe-forecast.ts'
import { seriesText } from '../../demo/table.ts'
import type { AnswerMetadata } from '../../forecasts/answer-text.ts'

/** An answer of the API, or of this process. */
export interface Answer {
  readonly series: readonly SeriesAnswer[]
  readonly metadata: AnswerMetadata
}

/** One series as it is drawn: history first, then the forecast, on one grid; what there is no value for is NaN. */
export interface PlotData {
  readonly title: string
  readonly startMs: number
  readonly stepMs: number
  /** Steps of history. */
  readonly split: number
  readonly history: readonly number[]
  readonly median: readonly number[]
  readonly lower: readonly number[]
  readonly upper: readonly number[]
}

export function plotData({ labels, history, predictions }: SeriesAnswer, { stepSeconds }: AnswerMetadata): PlotData {
  const stepMs = stepSeconds * 1_000
  const values = history?.values ?? []
  const firstMs = Date.parse(predictions[0]?.time ?? history?.start ?? '1970-01-01')
  const pick = (name: 'value' | 'lower' | 'upper') => predictions.map((prediction) => prediction[name] ?? Number.NaN)
  return {
    // an unnamed series has a place and nothing else
    title: Object.keys(labels).length > 0 ? nameOf(labels) : 'forecast',
    startMs: firstMs - values.length * stepMs,
    ...{ stepMs, split: values.length, history: values.map((value) => value ?? Number.NaN) },
    ...{ median: pick('value'), lower: pick('lower'), upper: pick('upper') },
  }
}

function nameOf({ __name__: metric, ...labels }: SeriesAnswer['labels']): string {
  return seriesText({ ...(metric !== undefined && { metric }), ...labels })
}

export interface Scale {
  readonly least: number
  readonly most: number
}

/** Of all values that are drawn; undefined where there is none. */
export function scaleOf({ history, median, lower, upper }: PlotData): Scale | undefined {
  let least = Number.POSITIVE_INFINITY
  let most = Number.NEGATIVE_INFINITY
  for (const values of [history, median, lower, upper]) {
    for (const value of values) {
      if (value < least) least = value
      if (value > most) most = value
    }
  }
  if (least > most) return undefined
  // a flat line lies in the middle
  const pad = least === most ? Math.abs(least) * 0.1 || 1 : 0
  return { least: least - pad, most: most + pad }
}

/** Instants below a chart: minutes matter for steps below a day. */
export function instantText(ms: number, stepMs: number): string {
  const iso = new Date(ms).toISOString()
  return stepMs < 86_400_000 ? `${iso.slice(5, 10)} ${iso.slice(11, 16)}` : iso.slice(0, 10)
}
