import { expect, onTestFinished, test } from 'vitest'
import { type FakeApiOptions, fakeApi } from '../../fakes/fake-api.ts'
import { fakeAuditStore } from '../../fakes/fake-audit-store.ts'

const keys = [
  { name: 'ann', key: 'key-of-ann-in-red', tenant: 'red' },
  { name: 'bob', key: 'key-of-bob-in-red', tenant: 'red', scopes: ['write' as const] },
  { name: 'eve', key: 'key-of-eve-in-blue', tenant: 'blue' },
]

async function start(options: FakeApiOptions = {}) {
  const app = await fakeApi({ settings: { apiKeys: keys }, ...options })
  onTestFinished(() => app.close())
  const as = (name: string) => ({ authorization: `Bearer ${keys.find((key) => key.name === name)?.key}` })
  return {
    put: (name: string, id: string, payload: object) =>
      app.inject({
        method: 'PUT',
        url: `/api/v1/missions/${id}`,
        payload,
        headers: { ...as(name), 'x-request-id': id },
      }),
    post: (name: string, url: string, payload: object) =>
      app.inject({ method: 'POST', url, payload, headers: as(name) }),
    list: (name: string, query = '') => app.inject({ url: `/api/v1/audit${query}`, headers: as(name) }),
  }
}

test('every change is noted with who made it and what became of it, in its tenant', async () => {
  const { put, post, list } = await start()
  await put('ann', 'cpu', { query: 'cpu' })
  await put('bob', 'cpu', { query: 'other' })
  await post('bob', '/api/deployments/forecasting-deployment/schedules', {
    cron: '0 * * * *',
    parameters: { promql: 'up' },
  })
  await put('eve', 'theirs', { query: 'cpu' })
  expect((await list('ann')).json().changes).toMatchObject([
    { actor: 'bob', method: 'POST', path: '/api/deployments/forecasting-deployment/schedules', status: 201 },
    { actor: 'bob', path: '/api/v1/missions/cpu', status: 200, generation: 2, requestId: 'cpu' },
    { actor: 'ann', path: '/api/v1/missions/cpu', status: 201, generation: 1, at: '2026-11-24T12:00:00.000Z' },
  ])
})

test('what changed nothing is not: refusals, reads, previews', async () => {
  const { put, post, list } = await start()
  await put('ann', 'cpu', { query: '' })
  await post('ann', '/api/v1/schedule-previews', { spec: { every: '1h' } })
  await list('ann')
  expect((await list('ann')).json()).toEqual({ changes: [] })
})

test('what many missions changed is told one by one, and what stayed is not', async () => {
  const { put, post, list } = await start()
  const bulk = (documents: readonly object[], query = '') =>
    post('ann', `/api/v1/bulk/missions/apply${query}`, documents)
  const documents = Array.from({ length: 150 }, (_, i) => ({ id: `m-${i}`, query: 'up' }))
  await bulk(documents, '?dryRun=true')
  await bulk(documents)
  await bulk([...documents.slice(1), { id: 'm-0', query: 'down' }])
  await bulk(documents.slice(1))
  await put('ann', 'm-1', { query: 'up' })
  await post('ann', '/api/v1/backfills', { mission: 'm-1', from: '2026-01-01', to: '2026-01-02', dryRun: true })
  const entries = (await list('ann')).json().changes
  expect(entries.map(({ changes }: { changes: string[] }) => changes.length)).toEqual([1, 50, 100])
  expect(entries[0].changes).toEqual(['updated mission m-0'])
  expect(entries[2].changes.slice(0, 2)).toEqual(['created mission m-0', 'created mission m-1'])
})

test('of what failed half-way it tells what was made', async () => {
  const { post, list } = await start()
  const half = (promql: string) => ({ cron: '0 * * * *', parameters: { promql } })
  const answer = await post('ann', '/deployments/forecasting-deployment/schedules', [half('up'), half('bad(')])
  expect(answer.statusCode).toBe(422)
  expect((await list('ann')).json().changes).toMatchObject([
    { status: 422, changes: [expect.stringMatching(/^created mission up-/)] },
  ])
})

test('it is for admins, page by page', async () => {
  const { put, list } = await start()
  for (const id of ['a', 'b', 'c']) await put('ann', id, { query: id })
  expect((await list('bob')).statusCode).toBe(403)
  const first = (await list('ann', '?limit=2')).json()
  const rest = (await list('ann', `?limit=2&cursor=${first.cursor}`)).json()
  expect([...first.changes, ...rest.changes].map(({ requestId }) => requestId)).toEqual(['c', 'b', 'a'])
})

test('a change that was made stays made when it cannot be noted, and the log of the process tells', async () => {
  const logLines: string[] = []
  const audit = { ...fakeAuditStore(), add: () => Promise.reject(new Error('Redis is away')) }
  const { put } = await start({ audit, logLines })
  expect((await put('ann', 'cpu', { query: 'cpu' })).statusCode).toBe(201)
  expect(logLines.filter((line) => line.includes('not in the audit log'))).toHaveLength(1)
})
