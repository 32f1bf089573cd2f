import type { SeriesAnswer } from '../../../tasks/adhoc/describe-forecast.ts'
import { sumUses } from '../../../tasks/covariates/covariate-tally.ts'
import { csvCell } from './csv.ts'
import type { Answer } from './plot-data.ts'

export const formats = ['chart', 'json', 'ndjson', 'csv'] as const
export type Format = (typeof formats)[number]

/** One line a series, in the order of the input. */
export function ndjsonLine({ labels, skipped, predictions }: SeriesAnswer, levels: readonly number[]): string {
  if (skipped !== undefined) return JSON.stringify({ labels, skipped })
  const quantiles = levels.map(String).map((level) => [level, predictions.map((each) => each.quantiles[level] ?? null)])
  return JSON.stringify({ labels, quantiles: Object.fromEntries(quantiles) })
}

/** One line a prediction: a column for every label name, then time, step, median, edges and levels. */
export function csvLines({ series, metadata }: Answer): string[] {
  const names = [...new Set(series.flatMap(({ labels }) => Object.keys(labels)))]
  const levels = metadata.quantileLevels.map(String)
  const head = [...names, 'time', 'horizonStep', 'value', 'lower', 'upper', ...levels]
  const lines = series.flatMap(({ labels, predictions }) =>
    predictions.map(({ time, horizonStep, value, lower, upper, quantiles }) => [
      ...names.map((name) => labels[name] ?? ''),
      ...[time, horizonStep, value, lower, upper],
      ...levels.map((level) => quantiles[level] ?? null),
    ]),
  )
  return [head, ...lines].map((cells) => cells.map(csvCell).join(','))
}

/** Parts of one file as one answer. */
export function joinAnswers(answers: readonly Answer[]): Answer | undefined {
  const [first] = answers
  if (!first || answers.length === 1) return first
  const uses = answers.flatMap(({ metadata }) => metadata.covariates ?? [])
  return {
    series: answers.flatMap(({ series }) => series),
    metadata: {
      ...first.metadata,
      seriesCount: answers.reduce((sum, { metadata }) => sum + metadata.seriesCount, 0),
      historyPoints: answers.reduce((sum, { metadata }) => sum + metadata.historyPoints, 0),
      ...(uses.length > 0 && { covariates: sumUses(uses) }),
      warnings: answers.flatMap(({ metadata }) => metadata.warnings),
    },
  }
}
