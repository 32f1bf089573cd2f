import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { afterAll, expect, test } from 'vitest'
import { looksLikeToken, tokenHolders } from '../../../../scheduler/api/auth/bearer-tokens.ts'
import { tokenSettings } from '../../../../scheduler/config/token-settings.ts'
import { localServer } from '../../../fakes/local-server.ts'

const nowMs = Date.parse('2026-11-24T12:00:00Z')
const signing = await Promise.all(['one', 'two'].map(async (kid) => ({ kid, ...(await generateKeyPair('ES256')) })))

/** An identity provider, which has published so many of its keys. */
let published = 1
let status = 200
const provider = await localServer(async (_, response) => {
  const keys = await Promise.all(
    signing.slice(0, published).map(async ({ kid, publicKey }) => ({ ...(await exportJWK(publicKey)), kid })),
  )
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ keys }))
})
afterAll(() => provider.close())

const written = { issuer: 'https://id.example', audience: 'anomaly-times', jwksUrl: `${provider.url}/jwks` }
const holders = (settings: object = {}) => tokenHolders(tokenSettings.parse({ ...written, ...settings }), () => nowMs)
const claims = { iss: written.issuer, aud: written.audience, sub: 'ann', tenant: 'red', scope: 'openid write' }
const inAnHour = nowMs / 1_000 + 3_600

function sign(payload: JWTPayload, { kid, privateKey }: { kid: string; privateKey: CryptoKey } = signing[0] as never) {
  return new SignJWT({ exp: inAnHour, ...payload }).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey)
}

test('tenant, user and scope come from the claims, under the names that the operator gave', async () => {
  expect(await holders()(await sign(claims))).toEqual({ tenant: 'red', name: 'ann', scope: 'write' })
  const find = holders({ tenantClaim: 'org', nameClaim: 'email', scopesClaim: 'roles', scopePrefix: 'at:' })
  const others = { org: 'blue', email: 'ann@example.org', roles: ['admin', 'at:read', 7] }
  expect(await find(await sign({ ...claims, ...others }))).toEqual({
    ...{ tenant: 'blue', name: 'ann@example.org', scope: 'read' },
  })
})

test.each([
  ['another issuer', { iss: 'https://evil.example' }, '"iss" claim'],
  ['another audience', { aud: 'other' }, '"aud" claim'],
  ['expired', { exp: nowMs / 1_000 - 31 }, '"exp" claim'],
  ['no expiry', { exp: undefined }, '"exp" claim'],
  ['not yet', { nbf: nowMs / 1_000 + 60 }, '"nbf" claim'],
] as const)('a token is refused: %s', async (_, changed, said) => {
  const refused = holders()(await sign({ ...claims, ...changed } as JWTPayload))
  await expect(refused).rejects.toMatchObject({ code: 'UNAUTHENTICATED', message: expect.stringContaining(said) })
})

test.each([
  ['tenant', undefined],
  ['tenant', '../default'],
  ['sub', ''],
  ['scope', 'openid'],
])('claim %s of %s gets no access', async (claim, value) => {
  const refused = holders()(await sign({ ...claims, [claim]: value }))
  await expect(refused).rejects.toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining(`"${claim}"`) })
})

test('unsigned tokens and those that a shared secret signs are refused', async () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const unsigned = `${part({ alg: 'none' })}.${part({ ...claims, exp: inAnHour })}.x`
  const shared = await new SignJWT({ ...claims, exp: inAnHour })
    .setProtectedHeader({ alg: 'HS256', kid: 'one' })
    .sign(new TextEncoder().encode(JSON.stringify(await exportJWK(signing[0]?.publicKey as CryptoKey))))
  for (const token of [unsigned, shared])
    await expect(holders()(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
})

test('a key that is not published is refused; keys that cannot be read are not the caller’s fault', async () => {
  await expect(holders()(await sign(claims, signing[1]))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  published = 2
  expect((await holders()(await sign(claims, signing[1]))).name).toBe('ann')
  status = 500
  const token = await sign(claims)
  await expect(holders()(token)).rejects.toMatchObject({ code: 'AUTH_UNAVAILABLE' })
  await expect(holders({ jwksUrl: 'http://127.0.0.1:1/' })(token)).rejects.toMatchObject({ code: 'AUTH_UNAVAILABLE' })
  status = 200
})

test.each([
  ['a.b.c', true],
  ['correct-horse-battery', false],
  ['a.b', false],
  ['a.b.c.d', false],
])('%s looks like a token: %s', (text, looks) => {
  expect(looksLikeToken(text)).toBe(looks)
})
