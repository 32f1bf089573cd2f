import { setTimeout as sleep } from 'node:timers/promises'
import { type AppError, toAppError } from '../../../models/errors.ts'
import type { Datasource } from '../datasource.ts'
import { type DatasourceHttp, type HttpResponse, isTimeout } from '../http-client.ts'
import { retryAfterMs } from '../retry-after.ts'
import { httpReason, isRefusal, isSaturated, type RefusedAnswer, storeFailure } from '../store-failure.ts'

/** One question to the store's query API. */
export interface StoreQuestion {
  readonly datasource: Datasource
  readonly http: DatasourceHttp
  readonly api: 'query' | 'query_range'
  readonly form: string
  /** Named in errors: datasource and query. */
  readonly subject: string
  readonly signal?: AbortSignal | undefined
}

/** Waits before the second and the third attempt; each is spread by half. */
const backoffsMs = [200, 800]

export type StoreAnswer =
  | { readonly response: HttpResponse; readonly refused?: never }
  | { readonly response?: never; readonly refused: RefusedAnswer }

/**
 * Posts a question; asks again after connection errors and 5xx, since reading changes nothing. Only 400 and 422 come
 * back as `refused`, which says nothing before the store was asked something else.
 * @throws AppError of every other failure.
 */
export async function askStore(question: StoreQuestion): Promise<StoreAnswer> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await askOnce(question)
    } catch (error) {
      const failure = toAppError(error)
      const backoffMs = backoffsMs[attempt]
      if (backoffMs === undefined || !isPassing(failure)) throw failure
      await wait(backoffMs * (0.5 + Math.random()), question.signal)
    }
  }
}

/** A time-out would last as long again, and who is busy or held back said so. */
function isPassing(error: AppError): boolean {
  return error.code === 'STORE_UNAVAILABLE' && error.retryAfterMs === undefined && !isTimeout(error)
}

async function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal ? { signal } : {})
  } catch {
    throw toAppError(signal?.reason, 'RUN_CANCELLED')
  }
}

async function askOnce(question: StoreQuestion): Promise<StoreAnswer> {
  const { datasource, http, api, form, subject, signal } = question
  const response = await http.request({
    ...{ method: 'POST', url: `${datasource.readUrl}/api/v1/${api}`, body: form, subject, signal },
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
  })
  if (response.status >= 200 && response.status < 300) return { response }
  const refused: RefusedAnswer = {
    status: response.status,
    text: await response.text(),
    location: response.header('location'),
    retryAfterMs: retryAfterMs(response.header, Date.now()),
  }
  const failure = storeFailure(subject, refused)
  if (failure.code === 'STORE_BUSY' && response.status === 503 && !isSaturated(refused))
    http.breaker.failed(httpReason(refused))
  if (failure.code === 'QUERY_FAILED' && isRefusal(refused)) return { refused }
  throw failure
}
