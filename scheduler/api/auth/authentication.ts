import type { FastifyRequest } from 'fastify'
import { AppError } from '../../../models/errors.ts'
import { isLoopback } from '../../config/address.ts'
import type { Config } from '../../config.ts'
import { keyHolders } from './api-keys.ts'
import { looksLikeToken, tokenHolders } from './bearer-tokens.ts'
import { anonymous, type Caller } from './caller.ts'

/** Tells who sends a request. @throws UNAUTHENTICATED, FORBIDDEN, AUTH_UNAVAILABLE */
export type Authenticate = (request: FastifyRequest) => Promise<Caller>

export function createAuthentication(
  { apiKeys, tokens }: Pick<Config, 'apiKeys' | 'tokens'>,
  now: () => number,
): Authenticate {
  if (apiKeys.length === 0 && !tokens) {
    return async (request) => {
      refuseForeignPages(request)
      return anonymous
    }
  }
  const holderOfKey = keyHolders(apiKeys, now)
  const holderOfToken = tokens && tokenHolders(tokens, now)
  return async ({ headers }) => {
    const [, text] = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '') ?? []
    if (text === undefined) throw new AppError('UNAUTHENTICATED', 'send "Authorization: Bearer <API key>"')
    const caller = holderOfKey(text)
    if (caller) return caller
    if (holderOfToken && looksLikeToken(text)) return holderOfToken(text)
    throw new AppError('UNAUTHENTICATED', 'this API key is unknown')
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
