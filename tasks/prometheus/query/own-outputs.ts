import { defaultTenant, type MissionName } from '../../../models/series.ts'
import { findSelectors } from './scope-query.ts'

const output = /^anomaly_(?:pred|lower|upper|score|event|mission_.+)$/
const matcher = /([\w.]+|"(?:[^"\\]|\\.)*")\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)/g

/** The first selector of a query that names an output and may return what this mission writes itself. */
export function ownOutputSelector(query: string, mission: MissionName): string | undefined {
  return selectorTexts(query).find((selector) => readsOwn(selector, mission))
}

/** MetricsQL that is no PromQL has selectors as well: words and braces tell where. */
function selectorTexts(query: string): readonly string[] {
  const nodes = findSelectors(query)
  if (nodes) return nodes.map(({ from, to }) => query.slice(from, to))
  return query.match(/[\w:]*\{[^}]*\}|\banomaly_\w+/g) ?? []
}

function readsOwn(selector: string, { tenant, mission }: MissionName): boolean {
  const [, identifier = ''] = /^([\w:]*)/.exec(selector) ?? []
  const labels: Readonly<Record<string, string>> = { mission, tenant: tenant === defaultTenant ? '' : tenant }
  let name = identifier
  for (const [, label = '', operator = '', quoted = ''] of selector.matchAll(matcher)) {
    const value = quoted.slice(1, -1)
    const isOf = labels[label]
    if (isOf !== undefined && !holds(isOf, operator, value)) return false
    if (label === '__name__' && operator === '=') name = value
  }
  return output.test(name)
}

function holds(text: string, operator: string, value: string): boolean {
  if (operator === '=' || operator === '!=') return (text === value) === (operator === '=')
  try {
    return new RegExp(`^(?:${value})$`).test(text) === (operator === '=~')
  } catch {
    // an expression of Go's that ours cannot read: it may
    return true
  }
}
