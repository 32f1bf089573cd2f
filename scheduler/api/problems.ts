import { z } from 'zod'
import { type ErrorCode, errorCodes } from '../../models/errors.ts'

/** What can be wrong with a request before it reaches us. */
const requestErrors = {
  URL_INVALID: 'the path is not encoded well, or a part of it is too long',
  BODY_INVALID: 'the body is no JSON, or has forbidden keys',
  BODY_TOO_LARGE: 'the body is larger than the limit',
  MEDIA_TYPE_UNSUPPORTED: 'the body is not application/json',
  PRECONDITION_FAILED: 'If-Match or If-None-Match does not hold',
  ROUTE_UNKNOWN: 'no such path or method',
} as const

export type ProblemCode = ErrorCode | keyof typeof requestErrors

/** Status of every code; `GET /api/v1/errors` and docs/errors.md show the same table. */
export const statusByCode: Readonly<Record<ProblemCode, number>> = {
  URL_INVALID: 400,
  BODY_INVALID: 400,
  BODY_TOO_LARGE: 413,
  MEDIA_TYPE_UNSUPPORTED: 415,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  RATE_LIMITED: 429,
  PRECONDITION_FAILED: 412,
  ROUTE_UNKNOWN: 404,
  // what the caller can mend
  INVALID_PARAMS: 422,
  QUERY_REJECTED: 422,
  TOO_MANY_SERIES: 422,
  LABEL_COLLISION: 422,
  COVARIATE_AMBIGUOUS: 422,
  MODEL_UNKNOWN: 422,
  MODEL_MISSING: 422,
  MODEL_FORBIDDEN: 422,
  NOT_FOUND: 404,
  CONFLICT: 409,
  RUN_CANCELLED: 409,
  // what a datasource or the hub answered, or did not
  QUERY_FAILED: 502,
  STORE_UNAVAILABLE: 502,
  STORE_BUSY: 503,
  STORE_DENIED: 502,
  RESPONSE_INVALID: 502,
  RESPONSE_PARTIAL: 502,
  WRITE_REJECTED: 502,
  WRITE_UNAVAILABLE: 502,
  HUB_UNAVAILABLE: 502,
  HUB_DENIED: 502,
  // us
  API_UNAVAILABLE: 503,
  AUTH_UNAVAILABLE: 503,
  WORKER_UNAVAILABLE: 503,
  REDIS_UNAVAILABLE: 503,
  WORKER_LOST: 503,
  RUN_TIMEOUT: 504,
  UNSUPPORTED: 501,
  INVALID_CONFIG: 500,
  MODEL_INVALID: 500,
  MODEL_TOO_LARGE: 500,
  MODEL_FAILED: 500,
  CACHE_INVALID: 500,
  INTERNAL: 500,
}

export const problemCodes = Object.keys(statusByCode) as ProblemCode[]

export function meaningOf(code: ProblemCode): string {
  return code in requestErrors
    ? requestErrors[code as keyof typeof requestErrors]
    : errorCodes[code as ErrorCode].meaning
}

/** The caller may send the same request again. */
export function isTransient(code: ProblemCode): boolean {
  return code in errorCodes && errorCodes[code as ErrorCode].retry
}

/** RFC 9457. */
export const problem = z
  .object({
    type: z.string().describe('Where the code is explained'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.enum(problemCodes),
    requestId: z.string().describe('Find the request in the logs by it'),
    retryAfterMs: z.int().optional(),
    errors: z
      .array(z.object({ pointer: z.string().describe('JSON pointer into the request'), detail: z.string() }))
      .optional(),
  })
  .meta({ id: 'Problem', description: 'Problem document (RFC 9457)' })
export type Problem = z.output<typeof problem>

/** For `response` of every route. */
export const problemResponses = {
  '4xx': { description: 'Not possible as asked', content: { 'application/problem+json': { schema: problem } } },
  '5xx': { description: 'Failed', content: { 'application/problem+json': { schema: problem } } },
}
