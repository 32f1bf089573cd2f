import type { SeriesAnswer } from '../../../tasks/adhoc/describe-forecast.ts'
import type { AnswerMetadata } from '../../forecasts/answer-text.ts'
import { seriesText } from '../../terminal/series-text.ts'

/** An answer of the API, or of this process. */
export interface Answer {
  readonly series: readonly SeriesAnswer[]
  readonly metadata: AnswerMetadata
}

/** One series as it is drawn: history first, then the forecast, on one grid; what there is no value for is NaN. */
export interface PlotData {
  readonly title: string
  /** File or query that the series comes from, unless the title says so. */
  readonly source?: string
  /** Lowest and highest level of the band; undefined where the levels do not enclose the median. */
  readonly levels?: readonly [number, number]
  readonly startMs: number
  readonly stepMs: number
  /** Steps of history. */
  readonly split: number
  readonly history: readonly number[]
  readonly median: readonly number[]
  readonly lower: readonly number[]
  readonly upper: readonly number[]
}

/** One series of an answer; `source` names the file or the query. */
export function plotData(answer: SeriesAnswer, metadata: AnswerMetadata, source: string): PlotData {
  const { labels, history, predictions } = answer
  const stepMs = metadata.stepSeconds * 1_000
  const values = withoutLead(history?.values ?? [])
  const firstMs = Date.parse(predictions[0]?.time ?? history?.start ?? '1970-01-01')
  const pick = (name: 'value' | 'lower' | 'upper') => predictions.map((prediction) => prediction[name] ?? Number.NaN)
  const [lowest = 1] = metadata.quantileLevels
  const highest = metadata.quantileLevels.at(-1) ?? 0
  return {
    // an unnamed series has a place and nothing else
    ...(Object.keys(labels).length > 0 ? { title: nameOf(labels), source } : { title: source }),
    ...(lowest <= 0.5 && highest >= 0.5 && lowest < highest && { levels: [lowest, highest] as const }),
    startMs: firstMs - values.length * stepMs,
    ...{ stepMs, split: values.length, history: values.map((value) => value ?? Number.NaN) },
    ...{ median: pick('value'), lower: pick('lower'), upper: pick('upper') },
  }
}

/** A young series begins at its first value. */
function withoutLead(values: readonly (number | null)[]): readonly (number | null)[] {
  const first = values.findIndex((value) => value !== null)
  return first < 0 ? [] : values.slice(first)
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

/** Instants of a chart, in UTC: minutes matter for steps below a day, seconds below a minute. */
export function instantText(ms: number, stepMs: number): string {
  const iso = new Date(ms).toISOString()
  if (stepMs >= 86_400_000) return iso.slice(0, 10)
  return `${iso.slice(0, 10)} ${iso.slice(11, stepMs < 60_000 ? 19 : 16)}`
}
