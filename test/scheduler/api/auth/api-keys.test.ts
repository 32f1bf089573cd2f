import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { z } from 'zod'
import { keyHolders } from '../../../../scheduler/api/auth/api-keys.ts'
import { configSchema } from '../../../../scheduler/config/schema.ts'

const nowMs = Date.parse('2026-11-24T12:00:00Z')
const key = 'correct-horse-battery'

function holders(...apiKeys: z.input<typeof configSchema>['apiKeys'] & object) {
  return keyHolders(configSchema.parse({ apiKeys }).apiKeys, () => nowMs)
}

test('a key is known by itself and by its hash', () => {
  const sha256 = createHash('sha256').update(key).digest('hex')
  const caller = { tenant: 'default', name: 'ci', scope: 'admin' }
  expect(holders({ name: 'ci', key })(key)).toEqual(caller)
  expect(holders({ name: 'ci', sha256 })(key)).toEqual(caller)
  expect(holders({ name: 'ci', sha256 })(sha256)).toBeUndefined()
  expect(holders({ name: 'ci', key })(`${key} `)).toBeUndefined()
})

test.each([
  [['read'], 'read'],
  [['read', 'write'], 'write'],
  [['admin'], 'admin'],
] as const)('the scopes %j are %s', (scopes, scope) => {
  expect(holders({ name: 'ci', key, scopes: [...scopes] })(key)?.scope).toBe(scope)
})

test('two keys of one holder overlap while one takes the place of the other; an expired one is told from an unknown', () => {
  const find = holders(
    { name: 'ci-old', key, expires: '2026-11-24T12:00:00Z' },
    { name: 'ci-new', key: `${key}-2`, expires: '2026-11-24T13:00:01+01:00' },
  )
  expect(() => find(key)).toThrow('this API key has expired')
  expect(find(`${key}-2`)?.name).toBe('ci-new')
  expect(find('another')).toBeUndefined()
})
