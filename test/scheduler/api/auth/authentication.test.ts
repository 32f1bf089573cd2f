import { afterAll, expect, test } from 'vitest'
import { fakeApi } from '../../../fakes/fake-api.ts'

const apiKeys = [{ name: 'ci', key: 'correct-horse-battery', tenant: 'red' }]
const withKeys = await fakeApi({ settings: { apiKeys } })
const withoutKeys = await fakeApi()
afterAll(() => Promise.all([withKeys.close(), withoutKeys.close()]))

test.each([
  { authorization: 'Bearer correct-horse-battery', status: 200 },
  { authorization: 'bearer   correct-horse-battery', status: 200 },
  { authorization: 'Bearer correct-horse-batterY', status: 401 },
  { authorization: 'Bearer correct-horse', status: 401 },
  { authorization: 'Bearer ', status: 401 },
  { authorization: 'Basic Y2k6Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5', status: 401 },
  { authorization: '', status: 401 },
])('"$authorization" answers $status', async ({ authorization, status }) => {
  const answer = await withKeys.inject({ url: '/api/v1/missions', headers: { authorization } })
  expect(answer.statusCode).toBe(status)
  if (status === 401) expect(answer.headers['www-authenticate']).toBe('Bearer')
})

test('a key is asked for before the body is read', async () => {
  const answer = await withKeys.inject({ method: 'PUT', url: '/api/v1/missions/cpu', payload: '{' })
  expect(answer.statusCode).toBe(401)
})

test.each(['/livez', '/readyz', '/metrics', '/openapi.json', '/docs/'])('%s needs no key', async (url) => {
  expect((await withKeys.inject(url)).statusCode).toBe(200)
})

test.each([
  { what: 'a page of elsewhere', headers: { origin: 'https://evil.example' }, status: 403 },
  { what: 'a sandboxed page', headers: { origin: 'null' }, status: 403 },
  { what: 'a page under a name that leads to us', headers: { host: 'evil.example:9490' }, status: 403 },
  { what: 'our own page', headers: { host: '127.0.0.1:9490', origin: 'http://127.0.0.1:9490' }, status: 200 },
  { what: 'curl', headers: { host: '[::1]:9490' }, status: 200 },
])('without keys $what gets $status', async ({ headers, status }) => {
  const answer = await withoutKeys.inject({ url: '/api/v1/missions', headers })
  expect(answer.statusCode).toBe(status)
  expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
})
