import { expect, onTestFinished, test } from 'vitest'
import { isOperator, widestScope } from '../../../../scheduler/api/auth/caller.ts'
import { fakeApi } from '../../../fakes/fake-api.ts'

test.each([
  [[], undefined],
  [['other'], undefined],
  [['write', 'read'], 'write'],
  [['read', 'admin'], 'admin'],
])('of %j the widest is %s', (scopes, widest) => {
  expect(widestScope(scopes)).toBe(widest)
})

test('only an admin of the default tenant is the operator', () => {
  const caller = { tenant: 'default', name: 'x', scope: 'admin' } as const
  expect([isOperator(caller), isOperator({ ...caller, scope: 'write' })]).toEqual([true, false])
  expect(isOperator({ ...caller, tenant: 'red' })).toBe(false)
})

const keys = (['read', 'write', 'admin'] as const).map((scope) => {
  return { name: scope, key: `key-of-the-${scope}-scope`, scopes: [scope] }
})
const requests = [
  { method: 'GET', url: '/api/v1/missions', allowed: ['read', 'write', 'admin'] },
  { method: 'POST', url: '/api/v1/schedule-previews', allowed: ['read', 'write', 'admin'] },
  { method: 'PUT', url: '/api/v1/missions/cpu', allowed: ['write', 'admin'] },
  { method: 'DELETE', url: '/api/v1/missions/cpu', allowed: ['write', 'admin'] },
  { method: 'POST', url: '/api/deployments/forecasting-deployment/schedules', allowed: ['write', 'admin'] },
  { method: 'GET', url: '/api/v1/config', allowed: ['admin'] },
] as const

test.each(requests)('$method $url is for $allowed', async ({ method, url, allowed }) => {
  const app = await fakeApi({ settings: { apiKeys: keys } })
  onTestFinished(() => app.close())
  const refused = []
  for (const { name, key } of keys) {
    const answer = await app.inject({ method, url, payload: {}, headers: { authorization: `Bearer ${key}` } })
    if (answer.statusCode === 403) refused.push(name)
  }
  expect(refused).toEqual(keys.map(({ name }) => name).filter((name) => !allowed.some((each) => each === name)))
})

test('who may not is told what is needed, before the body is read', async () => {
  const app = await fakeApi({ settings: { apiKeys: keys } })
  onTestFinished(() => app.close())
  const headers = { authorization: `Bearer ${keys[0]?.key}` }
  const answer = await app.inject({ method: 'PUT', url: '/api/v1/missions/cpu', payload: '{', headers })
  expect(answer.json()).toMatchObject({ status: 403, detail: '"read" has the scope read; this needs write' })
})
