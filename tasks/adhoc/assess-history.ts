import { countFinite } from '../panel/eligible-series.ts'
import type { History } from './history.ts'

/** Fewest finite values that a series is forecast from. */
export const leastPoints = 5
/** Below, a forecast says little: there is a warning. */
const fewPoints = 30
// squares of values above overflow in the models
const largestValue = 1e37

/** Why a series is not forecast. */
export const skipReasons = {
  tooFewPoints: 'too_few_points',
  tooLarge: 'value_too_large',
} as const

export interface Assessment {
  readonly points: number
  readonly skipped?: string
}

/** Whether a history can be forecast, and from how many finite values. */
export function assessHistory({ values }: Pick<History, 'values'>, minContext: number): Assessment {
  const points = countFinite(values)
  if (points < Math.max(leastPoints, minContext)) return { points, skipped: skipReasons.tooFewPoints }
  if (values.some((value) => Math.abs(value) > largestValue)) return { points, skipped: skipReasons.tooLarge }
  return { points }
}

const mostNamed = 3
const hasLabels = ({ labels }: History): boolean => Object.keys(labels).length > 0

/** What a reader of the forecast should know, a sentence each; series are named while they are few. */
export function historyWarnings(histories: readonly History[], assessments: readonly Assessment[]): string[] {
  // without labels it has a place; the only one needs none
  const nameOf = (row: number) =>
    hasLabels(histories[row]!) ? JSON.stringify(histories[row]!.labels) : `/series/${row}`
  const named = (rows: readonly number[]) => {
    if (histories.length === 1 && !hasLabels(histories[0]!)) return ''
    const names = rows.slice(0, mostNamed).map(nameOf)
    return `: ${names.join(', ')}${rows.length > mostNamed ? ` and ${rows.length - mostNamed} more` : ''}`
  }
  const where = (has: (assessment: Assessment, row: number) => boolean) =>
    [...assessments.keys()].filter((row) => has(assessments[row]!, row))
  const short = where(({ points, skipped }) => skipped === undefined && points < fewPoints)
  const ended = where(({ skipped }, row) => skipped === undefined && Number.isNaN(histories[row]!.values.at(-1)))
  const skipped = where((assessment) => assessment.skipped !== undefined)
  return [
    ...(short.length > 0
      ? [`fewer than ${fewPoints} points of history, so the forecast says little${named(short)}`]
      : []),
    ...(ended.length > 0 ? [`the newest value is missing${named(ended)}`] : []),
    ...(skipped.length > 0 ? [`not forecast (see skipped)${named(skipped)}`] : []),
  ]
}
