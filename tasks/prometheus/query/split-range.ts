import { AppError } from '../../../models/errors.ts'
import type { RangeQuery } from '../../deps.ts'

/** Steps `first` to `last` of a range, both included. */
export interface RangePart {
  readonly first: number
  readonly last: number
}

type Range = Pick<RangeQuery, 'query' | 'startMs' | 'endMs' | 'stepMs'>

/** How many steps a range has. @throws INVALID_PARAMS unless it lies on its grid. */
export function rangeLength({ query, startMs, endMs, stepMs }: Range): number {
  const onGrid = stepMs > 0 && Number.isInteger(stepMs) && startMs % stepMs === 0 && endMs % stepMs === 0
  if (onGrid && endMs >= startMs) return (endMs - startMs) / stepMs + 1
  throw new AppError('INVALID_PARAMS', `query ${query}: ${startMs} to ${endMs} is no range of steps of ${stepMs} ms`)
}

/** Parts of at most `maxPoints` steps that share none and leave none out. */
export function splitRange(length: number, maxPoints: number): RangePart[] {
  const parts: RangePart[] = []
  for (let first = 0; first < length; first += maxPoints) {
    parts.push({ first, last: Math.min(length, first + maxPoints) - 1 })
  }
  return parts
}
