import type { Labels, Panel } from '../../../models/series.ts'
import type { RangeQuery, SeriesReader } from '../../deps.ts'
import type { Datasource } from '../datasource.ts'
import type { DatasourceHttp } from '../http-client.ts'
import { type RequestSlots, requestSlots } from '../request-slots.ts'
import { storeKind } from '../store-kind.ts'
import { type LabelCache, labelCache } from './label-cache.ts'
import { panelRows } from './panel-rows.ts'
import { instantForm, rangeForm } from './query-form.ts'
import { checkSyntax, prepareQuery, type QueryContext, type QueryText, receiveRows } from './query-request.ts'
import { rangeLength, splitRange } from './split-range.ts'

export interface InstantQuery extends QueryText {
  readonly timeMs: number
}

export interface InstantValue {
  readonly labels: Labels
  /** NaN, +-Inf and stale markers are NaN. */
  readonly value: number
}

/** A panel, and what the store had to say about it. */
export interface ReadPanel extends Panel {
  readonly warnings: readonly string[]
}

export interface QueryClient extends SeriesReader {
  queryRange(query: RangeQuery, signal?: AbortSignal): Promise<ReadPanel>
  queryInstant(query: InstantQuery, signal?: AbortSignal): Promise<InstantValue[]>
  /** Asks over empty data. @throws QUERY_REJECTED when the store's parser refuses the query. */
  checkQuery(query: QueryText, signal?: AbortSignal): Promise<void>
  /** Whether the store speaks MetricsQL; asked once where the operator did not say. */
  isVictoriaMetrics(): Promise<boolean>
}

export interface QueryClientOptions {
  /** Requests at a time; clients that share them wait for each other. Default: the datasource's number. */
  readonly slots?: RequestSlots
  /** Worth sharing by clients that read the same series. */
  readonly labels?: LabelCache
  /** For distances alone. */
  readonly now?: () => number
}

/** Reads from one datasource: panels, instants, and whether a query is one. */
export function createQueryClient(
  datasource: Datasource,
  http: DatasourceHttp,
  options: QueryClientOptions = {},
): QueryClient {
  const {
    slots = requestSlots(datasource.requestSlots),
    labels = labelCache(),
    now = () => performance.now(),
  } = options
  const isVictoriaMetrics = storeKind(datasource, http, now)
  const context: QueryContext = { datasource, http, slots, labels, isVictoriaMetrics }
  return {
    isVictoriaMetrics,
    queryRange: (query, signal) => readRange(context, query, signal),
    queryInstant: (query, signal) => readInstant(context, query, signal),
    checkQuery: async (query, signal) => checkSyntax(await prepareQuery(context, query, signal)),
  }
}

async function readRange(context: QueryContext, query: RangeQuery, signal?: AbortSignal): Promise<ReadPanel> {
  const { startMs, stepMs } = query
  const length = rangeLength(query)
  const request = await prepareQuery(context, query, signal)
  const rows = panelRows(length)
  const warnings = new Set<string>()
  for (const { first, last } of splitRange(length, context.datasource.maxPoints)) {
    const range = { startMs: startMs + first * stepMs, endMs: startMs + last * stepMs, stepMs }
    const form = rangeForm(request.target, request.scoped, range)
    const grid = { startMs, stepMs, first, last }
    for (const warning of await receiveRows(request, { api: 'query_range', form, rows, grid })) warnings.add(warning)
  }
  return { startMs, stepMs, length, series: rows.series, warnings: [...warnings] }
}

async function readInstant(context: QueryContext, query: InstantQuery, signal?: AbortSignal): Promise<InstantValue[]> {
  const request = await prepareQuery(context, query, signal)
  const rows = panelRows(1)
  const form = instantForm(request.target, request.scoped, query.timeMs)
  const grid = { startMs: query.timeMs, stepMs: 1, first: 0, last: 0, instant: true }
  await receiveRows(request, { api: 'query', form, rows, grid })
  return rows.series.map(({ labels, values }) => ({ labels, value: values[0] as number }))
}
