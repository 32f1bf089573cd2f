import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import type { ApiScope, Caller } from './auth/caller.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before a handler of /api/v1 runs. */
    caller: Caller
    /** What a request changed, where that is not what its path says: `created mission cpu`. */
    changed?: readonly string[]
  }
  interface FastifyContextConfig {
    /** Where larger bodies are taken, for those that are refused. */
    readonly largerBodies?: string
    /** What its callers must have; default: read for methods that only read, else write. */
    readonly scope?: ApiScope
  }
}

/** The application as route files see it: bodies, queries and paths have the types of their zod schemas. */
export type Api = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>
