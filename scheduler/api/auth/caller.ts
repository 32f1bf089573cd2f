import type { FastifyRequest } from 'fastify'
import { AppError } from '../../../models/errors.ts'
import { defaultTenant } from '../../../models/series.ts'

/** What callers may do: each scope includes those before it. */
export const apiScopes = ['read', 'write', 'admin'] as const
export type ApiScope = (typeof apiScopes)[number]

/** Whose request it is. */
export interface Caller {
  readonly tenant: string
  /** Name of the key, or user of the token; recorded as the actor of changes. */
  readonly name: string
  readonly scope: ApiScope
}

/** The default tenant's admins: without keys it is everybody who reaches the loopback address. */
export const isOperator = ({ tenant, scope }: Caller): boolean => tenant === defaultTenant && scope === 'admin'

export const anonymous: Caller = { tenant: defaultTenant, name: 'anonymous', scope: 'admin' }

/** The one that includes the others; undefined when none is ours. */
export function widestScope(scopes: readonly string[]): ApiScope | undefined {
  return apiScopes.findLast((scope) => scopes.includes(scope))
}

const readingMethods: readonly string[] = ['GET', 'HEAD', 'OPTIONS']

/** Routes that need another scope than their method tells say so. @throws FORBIDDEN */
export function assertScope({ caller, method, routeOptions }: FastifyRequest): void {
  const needed = routeOptions.config.scope ?? (readingMethods.includes(method) ? 'read' : 'write')
  if (apiScopes.indexOf(caller.scope) >= apiScopes.indexOf(needed)) return
  throw new AppError('FORBIDDEN', `"${caller.name}" has the scope ${caller.scope}; this needs ${needed}`)
}
