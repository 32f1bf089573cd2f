import type { SyntaxNode } from '@lezer/common'
import type { SeriesPart } from '../../deps.ts'
import type { QueryTarget } from './query-form.ts'
import { addMatchers, findSelectors, type ScopedQuery } from './scope-query.ts'

/** VictoriaMetrics takes no longer ones unless it is told to. */
const longestQuery = 16_000
/** VictoriaMetrics (1.79.5) has its own use for lower ones, and does not find them in one of several values. */
const lowestFound = '\u0003'
/** Each series of their answer comes from one that they are given and has its labels, but for the name. */
const bySeries =
  /^(?:i?rate|increase|i?delta|deriv|(?:avg|min|max|sum|count|stddev|last)_over_time|abs|clamp_(?:min|max))$/
/** Around a selector, these leave series as they are. */
const plain = ['PromQL', 'ParenExpr', 'MatrixSelector', 'SubqueryExpr', 'OffsetExpr', 'FunctionCallBody']

/**
 * A query that answers a part of the panel without changing its values, or the query as it is: who asks drops the rest. Cheap
 * where the store can look for the part's series alone; else VictoriaMetrics computes all of it and sends the part.
 */
export function narrowQuery({ victoriaMetrics }: QueryTarget, scoped: ScopedQuery, part: SeriesPart): ScopedQuery {
  if (!('label' in part) || part.values.length === 0 || !/^[a-zA-Z_]\w*$/.test(part.label)) return scoped
  const { label, values, isRest = false } = part
  if ([...values.join()].some((char) => char < lowestFound)) return scoped
  const { query } = scoped
  const expression = JSON.stringify(values.map(escaped).join('|'))
  const selector = onlySelector(query)
  let narrowed = query
  if (selector) narrowed = addMatchers(query, selector, [`${label}${isRest ? '!~' : '=~'}${expression}`])
  // the line ends a comment
  else if (victoriaMetrics) narrowed = `label_${isRest ? 'mismatch' : 'match'}((${query}\n), "${label}", ${expression})`
  return narrowed.length <= longestQuery ? { ...scoped, query: narrowed } : scoped
}

const escaped = (value: string): string => value.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')

/** Of a query of which every series of the answer comes from one of its own; undefined for any other. */
function onlySelector(query: string): SyntaxNode | undefined {
  const [selector, ...others] = findSelectors(query) ?? []
  if (!selector || others.length > 0) return undefined
  for (let node = selector.parent; node; node = node.parent) {
    if (node.type.name === 'FunctionCall') {
      const name = node.getChild('FunctionIdentifier')
      if (!name || !bySeries.test(query.slice(name.from, name.to))) return undefined
    } else if (!plain.includes(node.type.name)) return undefined
  }
  return selector
}
