import { AppError } from '../../models/errors.ts'
import { groupBy } from '../../models/group-by.ts'
import type { Labels } from '../../models/series.ts'
import type { CovariateQuery } from './covariate-spec.ts'

/** Series of a covariate, ascending, that a target has. */
type FindRows = (target: Labels) => readonly number[]

/**
 * For each target the series of a covariate that is its own, -1 where there is none. They agree in the labels of `on`
 * (one that is missing is empty, as in PromQL); without `on` one series alone serves all targets, and of several each
 * serves those that have all of its labels.
 * @throws COVARIATE_AMBIGUOUS naming the covariate, two of its series and a target that has both.
 */
export function matchCovariate(
  { name, on }: Pick<CovariateQuery, 'name' | 'on'>,
  series: readonly Labels[],
  targets: readonly Labels[],
): Int32Array {
  if (!on && series.length === 1) return new Int32Array(targets.length)
  const findRows = on ? byLabels(series, on) : byOwnLabels(series)
  return Int32Array.from(targets, (target) => {
    const [row = -1, other] = findRows(target)
    if (other === undefined) return row
    const [first, second] = [series[row], series[other]].map((labels) => JSON.stringify(labels))
    const twice = `${first} and ${second} are both that of ${JSON.stringify(target)}`
    throw new AppError(
      'COVARIATE_AMBIGUOUS',
      `covariate "${name}": ${twice}; name more labels in on, or aggregate its query`,
    )
  })
}

function byLabels(series: readonly Labels[], on: readonly string[]): FindRows {
  const rows = groupBy(series.keys(), (row) => keyOf(on, series[row]!))
  return (target) => rows.get(keyOf(on, target)) ?? []
}

/** A series is found by its rarest label, so that one which all have in common costs no look at all of them. */
function byOwnLabels(series: readonly Labels[]): FindRows {
  const labelsOf = series.map(ownLabels)
  const counts = new Map<string, number>()
  for (const label of labelsOf.flat()) counts.set(label, (counts.get(label) ?? 0) + 1)
  const rarest = (labels: readonly string[]) =>
    labels.reduce((best, label) => (counts.get(label)! < (counts.get(best) ?? Infinity) ? label : best), '')
  const rows = groupBy(series.keys(), (row) => rarest(labelsOf[row]!))
  return (target) => {
    const labels = new Set(['', ...ownLabels(target)])
    const found = [...labels].flatMap((label) => rows.get(label) ?? [])
    return found.filter((row) => labelsOf[row]!.every((label) => labels.has(label))).sort((a, b) => a - b)
  }
}

/** Without the name of the metric; an empty label is none. */
const ownLabels = (labels: Labels): string[] =>
  Object.entries(labels)
    .filter(([name, value]) => name !== '__name__' && value !== '')
    .map((label) => JSON.stringify(label))

/** As JSON: any character may be part of a value. */
export const keyOf = (names: readonly string[], labels: Labels): string =>
  JSON.stringify(names.map((name) => labels[name] ?? ''))
