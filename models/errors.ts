/**
 * Every error code of the product, with what a run does about it.
 * `retry`: worth another attempt within the run. `pauses`: the mission cannot succeed until somebody edits it.
 */
export const errorCodes = {
  // reading
  QUERY_REJECTED: { retry: false, pauses: true, meaning: "the store's own parser refuses the query" },
  QUERY_FAILED: { retry: true, pauses: false, meaning: 'the store refused to run the query (limits, time-out)' },
  STORE_UNAVAILABLE: { retry: true, pauses: false, meaning: 'connection error, 5xx or time-out of the store' },
  STORE_BUSY: { retry: true, pauses: false, meaning: 'the store answered 429 or 503' },
  STORE_DENIED: { retry: false, pauses: false, meaning: 'the store answered 401 or 403' },
  RESPONSE_INVALID: { retry: true, pauses: false, meaning: 'the store answered something that is no query result' },
  RESPONSE_PARTIAL: { retry: true, pauses: false, meaning: 'the store marked its answer as partial' },
  TOO_MANY_SERIES: { retry: false, pauses: false, meaning: 'the query returns more series than the limit' },
  // writing
  WRITE_REJECTED: { retry: false, pauses: false, meaning: 'the store refused the samples for good' },
  WRITE_UNAVAILABLE: { retry: true, pauses: false, meaning: 'the store could not take the samples now' },
  // missions and series
  LABEL_COLLISION: { retry: false, pauses: false, meaning: 'two series become equal once labels are written' },
  COVARIATE_AMBIGUOUS: { retry: false, pauses: false, meaning: 'two series of a covariate match one series' },
  INVALID_PARAMS: { retry: false, pauses: false, meaning: 'parameters do not fit the schema' },
  INVALID_CONFIG: { retry: false, pauses: false, meaning: 'the configuration does not fit the schema' },
  NOT_FOUND: { retry: false, pauses: false, meaning: 'no such resource' },
  CONFLICT: { retry: false, pauses: false, meaning: 'the resource is in another state than expected' },
  // callers
  UNAUTHENTICATED: { retry: false, pauses: false, meaning: 'the API key or token is missing, unknown or expired' },
  AUTH_UNAVAILABLE: { retry: true, pauses: false, meaning: 'the keys that tokens are signed with cannot be read now' },
  API_UNAVAILABLE: { retry: true, pauses: false, meaning: 'nothing answers at the address of the API' },
  WORKER_UNAVAILABLE: { retry: true, pauses: false, meaning: 'no worker lives that could do it, or too much waits' },
  RATE_LIMITED: { retry: true, pauses: false, meaning: 'this caller sends more requests than it may' },
  FORBIDDEN: { retry: false, pauses: false, meaning: 'this caller may not do that' },
  // models
  MODEL_UNKNOWN: { retry: false, pauses: false, meaning: 'no forecaster of that name' },
  MODEL_MISSING: { retry: false, pauses: false, meaning: 'the model is not installed on this machine' },
  MODEL_FORBIDDEN: { retry: false, pauses: false, meaning: 'the operator does not allow this model' },
  MODEL_INVALID: { retry: false, pauses: false, meaning: "the model's files cannot be used" },
  MODEL_TOO_LARGE: { retry: false, pauses: false, meaning: 'the model does not fit into the memory that there is' },
  MODEL_FAILED: { retry: true, pauses: false, meaning: 'the forecaster failed' },
  HUB_UNAVAILABLE: { retry: true, pauses: false, meaning: 'connection error, 5xx, 429 or time-out of the model hub' },
  HUB_DENIED: { retry: false, pauses: false, meaning: 'the model hub answered 401 or 403' },
  // running
  REDIS_UNAVAILABLE: { retry: true, pauses: false, meaning: 'Redis could not be reached' },
  CACHE_INVALID: { retry: false, pauses: false, meaning: 'a stored payload cannot be read by this version' },
  RUN_TIMEOUT: { retry: true, pauses: false, meaning: 'the run took longer than its time-out' },
  RUN_CANCELLED: { retry: false, pauses: false, meaning: 'the run was cancelled' },
  WORKER_LOST: { retry: true, pauses: false, meaning: 'each worker that took it was killed, hung or cut off' },
  UNSUPPORTED: { retry: false, pauses: false, meaning: 'this machine or store cannot do that' },
  INTERNAL: { retry: true, pauses: false, meaning: 'a defect of ours' },
} as const satisfies Record<string, { retry: boolean; pauses: boolean; meaning: string }>

export type ErrorCode = keyof typeof errorCodes

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(errorCodes, code)

export interface AppErrorOptions {
  readonly cause?: unknown
  /** How long the other side asked us to wait, from Retry-After. */
  readonly retryAfterMs?: number
  /** Names what went wrong where, for problem documents: JSON pointer and detail. */
  readonly problems?: readonly { readonly pointer: string; readonly detail: string }[]
}

/** The one error class. The message names the query, series, file or field; callers match on `code`, never on text. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly retryAfterMs: number | undefined
  readonly problems: readonly { readonly pointer: string; readonly detail: string }[]

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.retryAfterMs = options.retryAfterMs
    this.problems = options.problems ?? []
  }

  get retryable(): boolean {
    return errorCodes[this.code].retry
  }
}

/** Wraps anything thrown, so that callers always see a code. */
export function toAppError(error: unknown, fallback: ErrorCode = 'INTERNAL'): AppError {
  if (error instanceof AppError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new AppError(fallback, message, { cause: error })
}
