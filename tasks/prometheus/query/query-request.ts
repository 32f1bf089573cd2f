import { AppError } from '../../../models/errors.ts'
import type { Labels } from '../../../models/series.ts'
import type { SeriesPart } from '../../deps.ts'
import { isInPart } from '../../shards/is-in-part.ts'
import type { Datasource } from '../datasource.ts'
import type { DatasourceHttp } from '../http-client.ts'
import type { RequestSlots } from '../request-slots.ts'
import { type RefusedAnswer, storeFailure, storeWords } from '../store-failure.ts'
import { askStore, type StoreAnswer } from './ask-store.ts'
import type { LabelCache } from './label-cache.ts'
import { matrixParser } from './matrix-parser.ts'
import { narrowQuery } from './narrow-query.ts'
import type { PanelRows } from './panel-rows.ts'
import { type QueryTarget, rangeForm } from './query-form.ts'
import type { SampleGrid } from './sample-scanner.ts'
import { type QueryScope, type ScopedQuery, scopeMetricsQl, scopeOwnOutputs, scopePromQl } from './scope-query.ts'

/** What all requests of one client share. */
export interface QueryContext {
  readonly datasource: Datasource
  readonly http: DatasourceHttp
  readonly slots: RequestSlots
  readonly labels: LabelCache
  readonly isVictoriaMetrics: () => Promise<boolean>
}

/** A query that is ready to be asked, once or in parts. */
export interface QueryRequest {
  readonly context: QueryContext
  readonly target: QueryTarget
  readonly scoped: ScopedQuery
  /** Named in errors: datasource and query. */
  readonly subject: string
  readonly maxSeries: number
  /** The rest of the answer is dropped as it arrives. */
  readonly isWanted: ((labels: Labels) => boolean) | undefined
  readonly signal: AbortSignal | undefined
}

export interface QueryText {
  readonly query: string
  readonly allowOutputs?: boolean
  /** Named by mission and tenant in every selector: no matchers are added. */
  readonly ownOutputs?: boolean
  readonly maxSeries?: number
  readonly part?: SeriesPart
}

// far before any store began
const emptyTimeMs = 1_000

/** Finds out what the store is and scopes the query for it. @throws QUERY_REJECTED, UNSUPPORTED */
export async function prepareQuery(
  context: QueryContext,
  { query, allowOutputs = false, ownOutputs = false, maxSeries, part }: QueryText,
  signal: AbortSignal | undefined,
): Promise<QueryRequest> {
  const { datasource } = context
  const target = { datasource, victoriaMetrics: await context.isVictoriaMetrics() }
  const request = {
    ...{ context, target, signal, scoped: { query } },
    subject: `datasource ${datasource.name}: query ${shorten(query)}`,
    maxSeries: maxSeries ?? datasource.maxSeries,
    isWanted: part && isInPart(part),
  }
  if (ownOutputs) return { ...request, scoped: scopeOwnOutputs(query) }
  const scoped = scopeFor(target, query, { allowOutputs, enforcedMatchers: datasource.enforcedMatchers })
  if (!scoped) throw await unscopable(request)
  return { ...request, scoped: part ? narrowQuery(target, scoped, part) : scoped }
}

function scopeFor({ victoriaMetrics }: QueryTarget, query: string, scope: QueryScope): ScopedQuery | undefined {
  if (!victoriaMetrics) return scopePromQl(query, scope)
  // what must hold is left to the store's own parser
  if (scope.enforcedMatchers.length > 0) return scopeMetricsQl(query, scope)
  return scopePromQl(query, scope) ?? scopeMetricsQl(query, scope)
}

function shorten(query: string): string {
  const line = query.replace(/\s+/g, ' ').trim()
  return line.length > 120 ? `${line.slice(0, 119)}…` : line
}

export interface Receiver {
  readonly api: 'query' | 'query_range'
  readonly form: string
  readonly rows: PanelRows
  readonly grid: SampleGrid
}

/** Asks, and reads the answer into rows; returns the store's warnings. */
export function receiveRows(request: QueryRequest, { api, form, rows, grid }: Receiver): Promise<readonly string[]> {
  const { context, subject, maxSeries, isWanted, signal } = request
  const { datasource, http, labels } = context
  return context.slots.run(async () => {
    const { response, refused } = await askStore({ datasource, http, api, form, subject, signal })
    if (refused) throw await refusal(request, refused)
    const parser = matrixParser({ subject, grid, maxSeries, isWanted }, rows, labels)
    await response.read((chunk) => {
      parser.write(chunk)
      return true
    })
    return parser.end()
  }, signal)
}

/** @throws QUERY_REJECTED when the store's parser refuses the query. */
export function checkSyntax(request: QueryRequest): Promise<void> {
  return request.context.slots.run(async () => {
    const refused = await refusedOverNothing(request, request.scoped)
    if (refused) throw await refusal(request, refused)
  }, request.signal)
}

/**
 * Stores answer 400 or 422 to bad syntax, to limits and to time-outs. Syntax is what they refuse over empty data as
 * well, while they take another query: a gateway that refuses everything says nothing about this one.
 */
async function refusal(request: QueryRequest, refused: RefusedAnswer): Promise<AppError> {
  const { subject, scoped, signal } = request
  try {
    const again = await refusedOverNothing(request, scoped)
    if (again && !(await refusedOverNothing(request, { ...scoped, query: 'vector(1)' }))) {
      const detail = storeWords(again.text)
      // whatever brings a query to us calls it so
      return new AppError('QUERY_REJECTED', `${subject}: ${detail}`, { problems: [{ pointer: '/query', detail }] })
    }
  } catch {
    signal?.throwIfAborted()
  }
  return storeFailure(subject, refused)
}

async function refusedOverNothing(request: QueryRequest, scoped: ScopedQuery): Promise<RefusedAnswer | undefined> {
  const { context, target, subject, signal } = request
  const { datasource, http } = context
  // as a range, as every run asks: there a store refuses strings and bare range vectors as well
  const form = rangeForm(target, scoped, { startMs: emptyTimeMs, endMs: emptyTimeMs, stepMs: 60_000 })
  const answer: StoreAnswer = await askStore({ datasource, http, api: 'query_range', form, subject, signal })
  await answer.response?.discard()
  return answer.refused
}

/** A dialect that nobody can keep our outputs out of, or no query at all: only the store knows. */
async function unscopable(request: QueryRequest): Promise<AppError> {
  await checkSyntax(request)
  return new AppError(
    'UNSUPPORTED',
    `${request.subject}: is no PromQL that selectors can be added to; name one metric in each selector and set allowOutputs`,
  )
}
