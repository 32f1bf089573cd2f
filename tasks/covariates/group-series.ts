import type { Covariate } from '../../models/forecaster.ts'
import { groupBy as groupRows } from '../../models/group-by.ts'
import type { PanelSeries, SeriesIdentity } from '../../models/series.ts'
import { keyOf } from './match-covariate.ts'

export interface Grouping {
  /** All series see each other. */
  readonly crossLearning?: boolean | undefined
  /** Series that agree in these labels see each other; a label that is missing is empty. */
  readonly groupBy?: readonly string[] | undefined
  /** Of each series. */
  readonly ids: readonly Pick<SeriesIdentity, 'id'>[]
  /** Likewise. */
  readonly covariates?: readonly (readonly Covariate[])[] | undefined
}

// time and memory grow with the square; upstream advises so many
const mostRows = 100

type Row = number

/**
 * Series that are forecast together, undefined where each is forecast by itself. A group has up to 100 rows, its covariates
 * among them and those that are shared counted once. Larger ones are cut in the order of ids, so that a retry makes the same.
 */
export function groupSeries(
  series: readonly Pick<PanelSeries, 'labels'>[],
  grouping: Grouping,
): readonly (readonly Row[])[] | undefined {
  const { crossLearning, groupBy, ids } = grouping
  if (!crossLearning && !groupBy) return undefined
  const names = crossLearning ? [] : (groupBy ?? [])
  const rows = [...series.keys()].sort((a, b) => (ids[a]!.id < ids[b]!.id ? -1 : 1))
  const groups = groupRows(rows, (row) => keyOf(names, series[row]!.labels))
  return [...groups.values()].flatMap((group) => cutGroup(group, grouping))
}

function cutGroup(group: readonly Row[], { covariates = [] }: Grouping): Row[][] {
  const parts: Row[][] = []
  let inPart = new Set<unknown>()
  for (const row of group) {
    // a series is as good as any other thing that takes a row of its own
    const rows = [{}, ...(covariates[row] ?? []).map(({ past }) => past)]
    const more = rows.filter((each) => !inPart.has(each)).length
    if (parts.length === 0 || inPart.size + more > mostRows) {
      parts.push([])
      inPart = new Set()
    }
    parts.at(-1)!.push(row)
    for (const each of rows) inPart.add(each)
  }
  return parts
}
