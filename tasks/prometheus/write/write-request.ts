import { setTimeout as sleep } from 'node:timers/promises'
import { AppError, toAppError } from '../../../models/errors.ts'
import type { Datasource } from '../datasource.ts'
import type { DatasourceHttp, HttpResponse } from '../http-client.ts'
import { retryAfterMs } from '../retry-after.ts'
import { excerpt } from '../store-failure.ts'
import { compressSnappy, encodeWriteRequest } from './remote-write-wire.ts'
import type { WriteBatch } from './write-batches.ts'

/** What came of one request, where that is no error of the whole write. */
export type WriteAnswer =
  | { readonly kind: 'written'; readonly samples: number }
  /** The batch holds a sample that its series has already, or has newer ones than. */
  | { readonly kind: 'old' }
  | { readonly kind: 'tooLarge'; readonly reason: string }
  /** Something in the batch is wrong for good. */
  | { readonly kind: 'refused'; readonly reason: string }

export interface RequestOptions {
  readonly datasource: Pick<Datasource, 'name' | 'writeUrl'>
  readonly http: Pick<DatasourceHttp, 'request' | 'breaker'>
  readonly signal: AbortSignal
  /** Instant of performance.now() after which no attempt begins. */
  readonly deadlineMs: number
  /** First wait between attempts; doubles up to 5 s. */
  readonly backoffMs: number
  /** Compressed and raw bytes of a request; shrinks when the store says 413. */
  readonly maxBytes: { compressed: number; raw: number }
}

interface TryAgain {
  readonly kind: 'again'
  readonly error: AppError
}

const headers = {
  'content-type': 'application/x-protobuf',
  'content-encoding': 'snappy',
  'x-prometheus-remote-write-version': '0.1.0',
}
const longestBackoffMs = 5_000
const smallestLimitBytes = 65_536
/** What Prometheus, Mimir, Cortex and Thanos say of samples that are there already or that they can no longer take. */
const oldSample = /out[ -]of[ -]order|out of bounds|duplicate[ -](sample|timestamp)|too[ -]old/i

/**
 * Sends one batch, again and again while the store is only unavailable.
 * @throws WRITE_UNAVAILABLE once the deadline leaves no further attempt, WRITE_REJECTED, STORE_DENIED, RUN_CANCELLED.
 */
export async function sendBatch(options: RequestOptions, batch: WriteBatch): Promise<WriteAnswer> {
  const { bytes, samples } = encodeWriteRequest(batch.rows, batch.range)
  if (samples === 0) return { kind: 'written', samples }
  const body = compressSnappy(bytes)
  const { maxBytes } = options
  if (samples > 1 && (bytes.length > maxBytes.raw || body.length > maxBytes.compressed))
    return { kind: 'tooLarge', reason: `${body.length} bytes are more than a request may have` }
  const answer = await persist(options, body)
  if (answer.kind === 'tooLarge' && body.length > smallestLimitBytes) maxBytes.compressed = body.length - 1
  return answer.kind === 'written' ? { kind: 'written', samples } : answer
}

async function persist(options: RequestOptions, body: Uint8Array): Promise<WriteAnswer> {
  const { datasource, deadlineMs } = options
  if (performance.now() >= deadlineMs)
    throw new AppError('WRITE_UNAVAILABLE', `datasource ${datasource.name}: the write takes longer than it may`)
  for (let attempt = 1; ; attempt++) {
    const answer = await attemptOnce(options, body)
    if (answer.kind !== 'again') return answer
    const waitMs = waitBefore(attempt, options.backoffMs, answer.error.retryAfterMs)
    if (performance.now() + waitMs >= deadlineMs) throw gaveUp(answer.error, attempt)
    try {
      await sleep(waitMs, undefined, { signal: options.signal })
    } catch {
      throw toAppError(options.signal.reason, 'RUN_CANCELLED')
    }
  }
}

/** Writers that failed together must not come back together. */
function waitBefore(attempt: number, backoffMs: number, askedMs: number | undefined): number {
  if (askedMs !== undefined) return askedMs * (1 + Math.random() * 0.1)
  return Math.min(backoffMs * 2 ** (attempt - 1), longestBackoffMs) * (0.5 + Math.random() * 0.5)
}

function gaveUp(error: AppError, attempts: number): AppError {
  const { retryAfterMs } = error
  const times = attempts === 1 ? 'at the first attempt' : `after ${attempts} attempts`
  return new AppError('WRITE_UNAVAILABLE', `${error.message}; gave up ${times}`, {
    cause: error,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
}

async function attemptOnce(options: RequestOptions, body: Uint8Array): Promise<WriteAnswer | TryAgain> {
  const { datasource, http, signal } = options
  try {
    const response = await http.request({ method: 'POST', url: datasource.writeUrl, body, headers, signal })
    return await classify(options, response)
  } catch (error) {
    const reason = toAppError(error, 'STORE_UNAVAILABLE')
    if (reason.code === 'STORE_UNAVAILABLE' || reason.code === 'RESPONSE_INVALID')
      return { kind: 'again', error: reason }
    throw reason
  }
}

async function classify({ datasource, http }: RequestOptions, response: HttpResponse): Promise<WriteAnswer | TryAgain> {
  const { status } = response
  if (status >= 200 && status < 300) {
    // the samples are stored whatever becomes of the rest of the answer
    await response.discard().catch(() => {})
    return { kind: 'written', samples: 0 }
  }
  const words = excerpt(await response.text())
  const reason = `HTTP ${status}${words && `: ${words}`}`
  const message = `datasource ${datasource.name}: ${datasource.writeUrl}: ${reason}`
  if (status === 400 || status === 409) return oldSample.test(words) ? { kind: 'old' } : { kind: 'refused', reason }
  if (status === 413) return { kind: 'tooLarge', reason }
  if (status === 401 || status === 403) throw new AppError('STORE_DENIED', message)
  if (status < 500 && status !== 429 && status !== 408) throw new AppError('WRITE_REJECTED', message)
  if (status === 503) http.breaker.failed(reason)
  const waitMs = retryAfterMs((header) => response.header(header), Date.now())
  return {
    kind: 'again',
    error: new AppError('STORE_BUSY', message, { ...(waitMs !== undefined && { retryAfterMs: waitMs }) }),
  }
}
