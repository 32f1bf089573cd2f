import { AppError } from '../../models/errors.ts'
import type { Labels } from '../../models/series.ts'
import type { CovariateQuery } from './covariate-spec.ts'

/** Series by the values of some labels. */
interface Table {
  readonly names: readonly string[]
  readonly rows: Map<string, number>
  /** Keys that a second series has as well. */
  readonly doubled: Map<string, number>
}

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
  const tables = createTables(series, on)
  return Int32Array.from(targets, (target) => {
    const found = tables.flatMap((table) => findRows(table, target))
    const [row = -1, other] = found
    if (other === undefined) return row
    const [first, second] = [series[row], series[other]].map((labels) => JSON.stringify(labels))
    const twice = `${first} and ${second} are both that of ${JSON.stringify(target)}`
    throw new AppError(
      'COVARIATE_AMBIGUOUS',
      `covariate "${name}": ${twice}; name more labels in on, or aggregate its query`,
    )
  })
}

function createTables(series: readonly Labels[], on: readonly string[] | undefined): Table[] {
  const tables = new Map<string, Table>()
  for (const [row, labels] of series.entries()) {
    const names = on ?? ownLabels(labels)
    const shape = JSON.stringify(names)
    const table = tables.get(shape) ?? { names, rows: new Map(), doubled: new Map() }
    tables.set(shape, table)
    const key = keyOf(names, labels)
    if (table.rows.has(key)) table.doubled.set(key, row)
    else table.rows.set(key, row)
  }
  return [...tables.values()]
}

function findRows({ names, rows, doubled }: Table, target: Labels): number[] {
  const key = keyOf(names, target)
  return [rows.get(key), doubled.get(key)].filter((row) => row !== undefined)
}

/** An empty label is none. */
const ownLabels = (labels: Labels): string[] =>
  Object.keys(labels)
    .filter((name) => name !== '__name__' && labels[name] !== '')
    .sort()

/** As JSON: any character may be part of a value. */
export const keyOf = (names: readonly string[], labels: Labels): string =>
  JSON.stringify(names.map((name) => labels[name] ?? ''))
