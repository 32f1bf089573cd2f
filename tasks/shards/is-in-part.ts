import { type Labels, seriesId } from '../../models/series.ts'
import type { SeriesPart } from '../deps.ts'

/** Whether a series, by its own labels, belongs to a part. */
export function isInPart(part: SeriesPart): (labels: Labels) => boolean {
  if ('hash' in part) {
    const { hash, of, by } = part
    return (labels) => hashOf(by ? only(labels, by) : labels) % of === hash
  }
  const { label, isRest = false } = part
  const values = new Set(part.values)
  return (labels) => values.has(labels[label] ?? '') !== isRest
}

const hashOf = (labels: Labels): number => Number.parseInt(seriesId(labels).slice(-8), 16)

/** A label that is missing is an empty one, as in groups. */
const only = (labels: Labels, names: readonly string[]): Labels =>
  Object.fromEntries(names.map((name) => [name, labels[name] ?? '']))
