import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from '../../models/errors.ts'
import { isRedisConnectionError } from '../redis/redis.ts'
import { formatBinary } from './format-binary.ts'
import { isTransient, meaningOf, type Problem, type ProblemCode, statusByCode } from './problems.ts'

interface Failure {
  readonly code: ProblemCode
  readonly detail: string
  readonly retryAfterMs?: number | undefined
  readonly problems?: AppError['problems']
}

const codeByFastify: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'MEDIA_TYPE_UNSUPPORTED',
  FST_ERR_CTP_EMPTY_TYPE: 'MEDIA_TYPE_UNSUPPORTED',
  FST_ERR_BAD_URL: 'URL_INVALID',
  FST_ERR_MAX_PARAM_LENGTH: 'URL_INVALID',
}

export function replyWithError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const failure = classify(error, request)
  if (statusByCode[failure.code] >= 500) request.log.error({ err: error, code: failure.code }, 'request failed')
  sendProblem(request, reply, failure)
}

export function replyNotFound(request: FastifyRequest, reply: FastifyReply): void {
  sendProblem(request, reply, { code: 'ROUTE_UNKNOWN', detail: `no ${request.method} ${pathOf(request)}; see /docs` })
}

function classify(error: FastifyError | AppError, request: FastifyRequest): Failure {
  if (error instanceof AppError) {
    const { code, message, problems, retryAfterMs } = error
    return {
      code: isPrecondition(error, request) ? 'PRECONDITION_FAILED' : code,
      detail: message,
      problems,
      retryAfterMs,
    }
  }
  if (isRedisConnectionError(error)) return { code: 'REDIS_UNAVAILABLE', detail: 'Redis does not answer' }
  const code = codeByFastify[error.code]
  if (code === 'BODY_TOO_LARGE') return { code, detail: tooLargeText(request) }
  if (code === 'MEDIA_TYPE_UNSUPPORTED') return { code, detail: mediaTypeText(request) }
  if (code) return { code, detail: error.message }
  if (error.statusCode !== undefined && error.statusCode < 500) return { code: 'BODY_INVALID', detail: error.message }
  // the message may hold anything, and only the log should
  return { code: 'INTERNAL', detail: `a defect of ours: the log tells more under ${request.id}` }
}

function mediaTypeText({ headers }: FastifyRequest): string {
  return `send JSON with the header content-type: application/json, not ${headers['content-type'] ?? 'without it'}`
}

function tooLargeText({ routeOptions: { bodyLimit, config } }: FastifyRequest): string {
  const larger = config.largerBodies === undefined ? '' : `; ${config.largerBodies}`
  return `the body is larger than ${formatBinary(bodyLimit)}${larger}`
}

function isPrecondition({ code }: AppError, { headers }: FastifyRequest): boolean {
  return code === 'CONFLICT' && (headers['if-match'] !== undefined || headers['if-none-match'] !== undefined)
}

function sendProblem(request: FastifyRequest, reply: FastifyReply, failure: Failure): void {
  const { code, detail, problems = [], retryAfterMs = isTransient(code) ? 1_000 : undefined } = failure
  const status = statusByCode[code]
  const body: Problem = {
    ...{ type: `/api/v1/errors#${code}`, title: meaningOf(code), status, detail, instance: pathOf(request), code },
    requestId: request.id,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(problems.length > 0 && { errors: problems.map(({ pointer, detail: what }) => ({ pointer, detail: what })) }),
  }
  reply.header('x-request-id', request.id)
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  if (retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(retryAfterMs / 1_000))
  // serialised here: an error must never depend on the schema of its route
  reply.code(status).header('content-type', 'application/problem+json').serializer(JSON.stringify).send(body)
}

function pathOf({ url }: FastifyRequest): string {
  return url.split('?')[0] ?? url
}
