import type { Datasource } from '../datasource.ts'
import type { ScopedQuery } from './scope-query.ts'

/** What is known of the store that a query goes to. */
export interface QueryTarget {
  readonly datasource: Datasource
  readonly victoriaMetrics: boolean
}

export interface FormRange {
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
}

/** Body of a POST to `query_range`. */
export function rangeForm(target: QueryTarget, scoped: ScopedQuery, { startMs, endMs, stepMs }: FormRange): string {
  return form(target, scoped, { start: seconds(startMs), end: seconds(endMs), step: seconds(stepMs) })
}

/** Body of a POST to `query`. */
export function instantForm(target: QueryTarget, scoped: ScopedQuery, timeMs: number): string {
  return form(target, scoped, { time: seconds(timeMs) })
}

const seconds = (ms: number) => `${ms / 1_000}`

function form(target: QueryTarget, { query, filter }: ScopedQuery, time: Record<string, string>): string {
  const { datasource, victoriaMetrics } = target
  return new URLSearchParams({
    query,
    ...time,
    // a little less than our own: the store then gives up first, and says why
    timeout: seconds(Math.ceil(datasource.timeoutMs * 0.95)),
    // ranges lie on the grid already, and a cache that shifts or misses late samples only harms
    ...(victoriaMetrics && { nocache: '1', latency_offset: '1ms' }),
    ...(datasource.kind === 'thanos' && { dedup: 'true', partial_response: 'false' }),
    ...(filter !== undefined && { 'extra_filters[]': filter }),
  }).toString()
}
