import { createHash, timingSafeEqual } from 'node:crypto'
import { AppError } from '../../../models/errors.ts'
import type { Config } from '../../config.ts'
import { type Caller, widestScope } from './caller.ts'

/** Who holds a key; undefined when it is none of ours. @throws UNAUTHENTICATED once it has expired. */
export function keyHolders(apiKeys: Config['apiKeys'], now: () => number): (token: string) => Caller | undefined {
  const known = apiKeys.map(({ key, sha256, tenant, name, scopes, expires }) => ({
    digest: key === undefined ? Buffer.from(sha256 ?? '', 'hex') : digestOf(key),
    expiresMs: expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(expires),
    caller: { tenant, name, scope: widestScope(scopes) ?? 'read' },
  }))
  return (token) => {
    const digest = digestOf(token)
    // every key is compared, each in constant time: how long it takes tells nothing
    const [match] = known.filter((entry) => timingSafeEqual(entry.digest, digest))
    if (match && match.expiresMs <= now()) throw new AppError('UNAUTHENTICATED', 'this API key has expired')
    return match?.caller
  }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
