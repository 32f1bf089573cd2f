import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { AppError } from '../../models/errors.ts'
import { defaultTenant } from '../../models/series.ts'
import { isLoopback } from '../config/address.ts'
import type { Config } from '../config.ts'

/** Whose request it is. */
export interface Caller {
  readonly tenant: string
  /** Name of the key; recorded as the actor of changes. */
  readonly name: string
}

/** The default tenant is the operator's: without keys it is everybody who reaches the loopback address. */
export const isOperator = ({ tenant }: Caller): boolean => tenant === defaultTenant

const anonymous: Caller = { tenant: defaultTenant, name: 'anonymous' }

/** Tells who sends a request; throws UNAUTHENTICATED or FORBIDDEN. */
export function createAuthentication(apiKeys: Config['apiKeys']): (request: FastifyRequest) => Caller {
  if (apiKeys.length === 0) {
    return (request) => {
      refuseForeignPages(request)
      return anonymous
    }
  }
  const known = apiKeys.map(({ key, tenant, name }) => ({ digest: sha256(key), caller: { tenant, name } }))
  return ({ headers }) => {
    const [, token] = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '') ?? []
    if (token === undefined) throw new AppError('UNAUTHENTICATED', 'send "Authorization: Bearer <API key>"')
    const digest = sha256(token)
    // every key is compared, each in constant time: how long it takes tells nothing
    const matches = known.filter((entry) => timingSafeEqual(entry.digest, digest))
    if (!matches[0]) throw new AppError('UNAUTHENTICATED', 'this API key is unknown')
    return matches[0].caller
  }
}

/** Without keys a web page that the operator has open could reach us on loopback: by its Origin, or by a name of its own. */
function refuseForeignPages({ headers, hostname }: FastifyRequest): void {
  if (!isLoopback(hostname.replace(/^\[|\]$/g, '')))
    throw new AppError('FORBIDDEN', `without API keys only loopback names are served, not "${hostname}"`)
  const { origin, host } = headers
  if (origin !== undefined && origin !== `http://${host}`)
    throw new AppError('FORBIDDEN', `pages of ${origin} may not use this API`)
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
