import type { SyntaxNode } from '@lezer/common'
import { parser } from '@prometheus-io/lezer-promql'
import { AppError } from '../../../models/errors.ts'

/** What we write into the store. Our processes' own `anomaly_times_*` metrics are none of these. */
const outputs = ['anomaly_pred', 'anomaly_lower', 'anomaly_upper', 'anomaly_score', 'anomaly_event']
const missionOutputs = 'anomaly_mission_.+'

export interface QueryScope {
  readonly allowOutputs: boolean
  /** Matchers that every selector gets, such as `namespace="shop"`. */
  readonly enforcedMatchers: readonly string[]
}

/** A query as it is sent: `filter` goes along as `extra_filters[]`, which only VictoriaMetrics knows. */
export interface ScopedQuery {
  readonly query: string
  readonly filter?: string
}

/**
 * Keeps our own outputs out of every selector that does not name one metric, and adds the enforced matchers to all.
 * undefined when the query is no PromQL: only VictoriaMetrics can scope its own dialect (`scopeMetricsQl`).
 */
export function scopePromQl(query: string, scope: QueryScope): ScopedQuery | undefined {
  if (scope.allowOutputs && scope.enforcedMatchers.length === 0) return { query }
  const selectors = findSelectors(query)
  if (!selectors) return undefined
  let scoped = query
  // from the end, so that the positions before stay true
  for (const selector of selectors.reverse()) {
    const excluded = scope.allowOutputs || namesOneMetric(selector, query) ? [] : [excludeOutputs(outputs)]
    scoped = addMatchers(scoped, selector, [...scope.enforcedMatchers, ...excluded])
  }
  return { query: scoped }
}

/** The same by a filter on the server's side. An output that the query names itself stays readable. */
export function scopeMetricsQl(query: string, { allowOutputs, enforcedMatchers }: QueryScope): ScopedQuery {
  const unnamed = outputs.filter((name) => !new RegExp(`\\b${name}\\b`).test(query))
  const matchers = [...enforcedMatchers, ...(allowOutputs ? [] : [excludeOutputs(unnamed)])]
  return matchers.length === 0 ? { query } : { query, filter: `{${matchers.join(',')}}` }
}

/**
 * A query of ours about what one mission wrote, as it is. A mission's outputs lack the labels that its query aggregates
 * away: enforced matchers would hide them from it. Here mission and tenant, which we write ourselves, are the boundary.
 * @throws INTERNAL unless every selector names an output and both.
 */
export function scopeOwnOutputs(query: string): ScopedQuery {
  const selectors = findSelectors(query) ?? []
  if (selectors.length > 0 && selectors.every((selector) => isOfOneMission(selector, query))) return { query }
  throw new AppError('INTERNAL', `${query} does not name outputs of one mission`)
}

function isOfOneMission(selector: SyntaxNode, query: string): boolean {
  const name = selector.getChild('Identifier')
  const matchers = selector.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []
  const texts = matchers.map(({ from, to }) => query.slice(from, to))
  const metric = name ? query.slice(name.from, name.to) : ''
  const isOutput = outputs.includes(metric) || new RegExp(`^${missionOutputs}$`).test(metric)
  return isOutput && ['mission', 'tenant'].every((label) => texts.some((text) => text.startsWith(`${label}="`)))
}

// a series without a name passes: the empty text matches none of these
const excludeOutputs = (names: readonly string[]) => `__name__!~"${[...names, missionOutputs].join('|')}"`

/** In the order of the text; undefined when the parser sees an error. */
export function findSelectors(query: string): SyntaxNode[] | undefined {
  const selectors: SyntaxNode[] = []
  let broken = false
  parser.parse(query).iterate({
    enter({ type, node }) {
      if (type.isError) broken = true
      if (type.name === 'VectorSelector') selectors.push(node)
    },
  })
  return broken ? undefined : selectors
}

function namesOneMetric(selector: SyntaxNode, query: string): boolean {
  if (selector.getChild('Identifier')) return true
  const matchers = selector.getChild('LabelMatchers')
  if (!matchers) return false
  if (matchers.getChild('QuotedLabelName')) return true
  return [...matchers.getChildren('UnquotedLabelMatcher'), ...matchers.getChildren('QuotedLabelMatcher')].some(
    ({ from, to }) => /^["'`]?__name__["'`]?\s*=\s*["'`]/.test(query.slice(from, to)),
  )
}

export function addMatchers(query: string, selector: SyntaxNode, matchers: readonly string[]): string {
  if (matchers.length === 0) return query
  const braces = selector.getChild('LabelMatchers')
  if (!braces) return `${query.slice(0, selector.to)}{${matchers.join(',')}}${query.slice(selector.to)}`
  // in front: behind the last matcher there may be a comma or none
  const separator = braces.firstChild ? ',' : ''
  return `${query.slice(0, braces.from + 1)}${matchers.join(',')}${separator}${query.slice(braces.from + 1)}`
}
