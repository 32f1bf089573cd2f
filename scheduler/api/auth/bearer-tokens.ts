import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose'
import { AppError } from '../../../models/errors.ts'
import type { TokenSettings } from '../../config/token-settings.ts'
import { missionId } from '../../missions/document/document.ts'
import { type Caller, widestScope } from './caller.ts'

/** Public-key algorithms alone: a token must not be signed with what anybody can read. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']

/** Three parts of base64url: no key of ours must look like it to be one. */
export const looksLikeToken = (text: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)

/** A provider that is away for an hour is not noticed; a new key is looked for at once, at most every ten seconds. */
const keySetTimes = { timeoutDuration: 5_000, cooldownDuration: 10_000, cacheMaxAge: 3_600_000 }

/**
 * Callers as the operator's identity provider names them (RFC 7519, 7517). Its keys are read when they are first needed, and again
 * when a token bears one that is new.
 */
export function tokenHolders(settings: TokenSettings, now: () => number): (token: string) => Promise<Caller> {
  const { issuer, audience, jwksUrl } = settings
  const keySet = createRemoteJWKSet(new URL(jwksUrl), keySetTimes)
  return async (token) => {
    const options = { issuer, audience, algorithms, clockTolerance: 30, requiredClaims: ['exp'] }
    const { payload } = await jwtVerify(token, keySet, { ...options, currentDate: new Date(now()) }).catch((error) => {
      throw refusalOf(error)
    })
    return callerOf(payload, settings)
  }
}

const ofKeySet: readonly string[] = [errors.JWKSTimeout, errors.JWKSInvalid, errors.JOSEError].map(({ code }) => code)

/** What speaks of the token is the caller's, anything else is between us and the identity provider. */
function refusalOf(error: unknown): AppError {
  const message = error instanceof Error ? error.message : String(error)
  if (!(error instanceof errors.JOSEError) || ofKeySet.includes(error.code))
    return new AppError('AUTH_UNAVAILABLE', `the keys of tokens cannot be read: ${message}`, { cause: error })
  return new AppError('UNAUTHENTICATED', `the token is refused: ${message}`, { cause: error })
}

function callerOf(
  payload: JWTPayload,
  { tenantClaim, nameClaim, scopesClaim, scopePrefix = '' }: TokenSettings,
): Caller {
  const tenant = missionId.safeParse(payload[tenantClaim])
  if (!tenant.success) throw new AppError('FORBIDDEN', `the token's claim "${tenantClaim}" names no tenant`)
  const name = payload[nameClaim]
  if (typeof name !== 'string' || !/^\P{Cc}{1,200}$/u.test(name))
    throw new AppError('FORBIDDEN', `the token's claim "${nameClaim}" names no user`)
  const scope = widestScope(scopesOf(payload[scopesClaim], scopePrefix))
  if (scope) return { tenant: tenant.data, name, scope }
  const wanted = `${scopePrefix}read, ${scopePrefix}write or ${scopePrefix}admin`
  throw new AppError('FORBIDDEN', `the token's claim "${scopesClaim}" has none of ${wanted}`)
}

/** A list, or words in one text as OAuth has them (RFC 8693, 4.2). */
function scopesOf(claim: unknown, prefix: string): string[] {
  const words = typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : []
  return words
    .filter((word): word is string => typeof word === 'string' && word.startsWith(prefix))
    .map((word) => word.slice(prefix.length))
}
