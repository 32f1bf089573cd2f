import { AppError, type ErrorCode } from '../../models/errors.ts'

/** An answer other than 2xx to a query. */
export interface RefusedAnswer {
  readonly status: number
  /** Beginning of the body. */
  readonly text: string
  readonly location?: string | undefined
  readonly retryAfterMs?: number | undefined
}

/** Bad syntax, limits and time-outs all look like this: only another question tells them apart. */
export const isRefusal = ({ status }: RefusedAnswer) => status === 400 || status === 422

/** The error of an answer other than 2xx. `subject` names datasource and query. */
export function storeFailure(subject: string, answer: RefusedAnswer): AppError {
  const { status, retryAfterMs } = answer
  const where = answer.location === undefined ? '' : ` (sent on to ${answer.location})`
  const message = `${subject}: HTTP ${status}${where}: ${storeWords(answer.text)}`
  return new AppError(failureCode(answer), message, retryAfterMs === undefined ? {} : { retryAfterMs })
}

function failureCode({ status, text }: RefusedAnswer): ErrorCode {
  if (status === 401 || status === 403) return 'STORE_DENIED'
  // Prometheus answers 503 as well when one query took too long: that says nothing of the store
  if (status === 503 && errorType(text) === 'timeout') return 'QUERY_FAILED'
  if (status === 429 || status === 503) return 'STORE_BUSY'
  if (status >= 500 || status === 408) return 'STORE_UNAVAILABLE'
  if (status < 400 || status === 404 || status === 405 || isMarkup(text)) return 'RESPONSE_INVALID'
  return 'QUERY_FAILED'
}

/**
 * A store that takes no more searches at the moment is up: heavy queries of one mission must not close it for others.
 * VictoriaMetrics says "cannot handle more than N concurrent search requests" as plain text.
 */
export const isSaturated = ({ status, text }: RefusedAnswer) => status === 503 && /\bconcurrent\b/.test(text)

/** What the store says itself: the `error` of its JSON, else the beginning of its text. */
export function storeWords(text: string): string {
  const { errorType, error } = parseError(text)
  if (typeof error !== 'string') return excerpt(text) || 'no reason given'
  const reason = error.replace(repeatedQuery, '')
  return excerpt(typeof errorType === 'string' ? `${errorType}: ${reason}` : reason)
}

/** VictoriaMetrics says the whole query again before its reason: a long one would leave no room for that. */
const repeatedQuery = /^error when executing query="(?:[^"\\]|\\.)*" [^(]*\([^)]*\): /

/** `HTTP 503: ` and what the store says. */
export function httpReason({ status, text }: Pick<RefusedAnswer, 'status' | 'text'>): string {
  const words = excerpt(text)
  return `HTTP ${status}${words && `: ${words}`}`
}

/** One line of at most 300 characters, without markup. */
export function excerpt(text: string): string {
  const plain = isMarkup(text) ? text.replace(/<(style|script)\b.*?<\/\1>|<[^>]*>/gis, ' ') : text
  const line = plain.replace(/\s+/g, ' ').trim()
  return line.length > 300 ? `${line.slice(0, 299)}…` : line
}

const isMarkup = (text: string) => text.trimStart().startsWith('<')
const errorType = (text: string) => parseError(text).errorType

function parseError(text: string): { errorType?: unknown; error?: unknown } {
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null ? body : {}
  } catch {
    return {}
  }
}
