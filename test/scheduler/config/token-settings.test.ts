import { expect, test } from 'vitest'
import { tokenSettings } from '../../../scheduler/config/token-settings.ts'

const written = { issuer: 'https://id.example', audience: 'anomaly-times', jwksUrl: 'https://id.example/jwks' }

test('who issues, for whom and where the keys are suffice', () => {
  expect(tokenSettings.parse(written)).toEqual({
    ...written,
    ...{ tenantClaim: 'tenant', nameClaim: 'sub', scopesClaim: 'scope' },
  })
})

test.each(['issuer', 'audience', 'jwksUrl'])('without %s a token could be anybody’s', (field) => {
  expect(tokenSettings.safeParse({ ...written, [field]: undefined }).error?.issues[0]?.path).toEqual([field])
})

test('keys are read over http', () => {
  expect(tokenSettings.safeParse({ ...written, jwksUrl: 'file:///etc/keys' }).success).toBe(false)
})
