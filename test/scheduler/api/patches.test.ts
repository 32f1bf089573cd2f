import { expect, onTestFinished, test } from 'vitest'
import { fakeApi } from '../../fakes/fake-api.ts'
import { fakeMissionService } from '../../fakes/fake-mission-service.ts'

async function start(missions = fakeMissionService()) {
  const app = await fakeApi({ missions })
  onTestFinished(() => app.close())
  const payload = { query: 'cpu', labels: { team: 'sre', env: 'dev' }, forecast: { every: '30m' }, notes: 'old' }
  await app.inject({ method: 'PUT', url: '/api/v1/missions/cpu', payload })
  return async (body: unknown, headers: Record<string, string> = {}, id = 'cpu') => {
    const type = { 'content-type': 'application/merge-patch+json', ...headers }
    const url = `/api/v1/missions/${id}`
    const answer = await app.inject({ method: 'PATCH', url, payload: JSON.stringify(body), headers: type })
    return { status: answer.statusCode, etag: answer.headers.etag, body: answer.json() }
  }
}

test('a patch sets, merges and removes fields; one that changes nothing makes no generation', async () => {
  const patch = await start()
  expect(await patch({ notes: null, labels: { env: null, tier: 'web' } })).toMatchObject({
    ...{ status: 200, etag: '"2"' },
    body: { outcome: 'updated', generation: 2 },
  })
  const same = await patch({ notes: null }, { 'content-type': 'application/json' })
  expect(same).toMatchObject({ status: 200, etag: '"2"', body: { outcome: 'unchanged' } })
  expect(same.body.document).toEqual({
    ...{ id: 'cpu', query: 'cpu', labels: { team: 'sre', tier: 'web' }, forecast: { every: '30m' } },
  })
})

test.each([
  { body: { qurey: 'x' }, status: 422, text: '/qurey: no such field' },
  { body: { query: null }, status: 422, text: '/query: is missing' },
  { body: { forecast: { every: 'never' } }, status: 422, text: '/forecast/every' },
  { body: { id: 'other' }, status: 422, text: 'the path says "cpu"' },
  { body: ['x'], status: 422, text: 'expected' },
  { body: { query: 'bad(' }, status: 422, text: 'the store refuses' },
  { body: {}, headers: { 'if-match': '"7"' }, status: 412, text: 'generation' },
  { body: {}, headers: { 'if-none-match': '*' }, status: 422, text: 'creates nothing' },
  { body: {}, id: 'gone', status: 404, text: 'no mission' },
])('$body, $headers, is answered $status', async ({ body, headers, id, status, text }) => {
  const patch = await start()
  const answer = await patch(body, headers, id)
  expect(answer.status).toBe(status)
  expect(answer.body.detail).toContain(text)
})

test('what somebody else writes in between stays; under If-Match it is a conflict', async () => {
  const missions = fakeMissionService()
  const { get } = missions
  let others = 0
  missions.get = async (tenant, id) => {
    const found = await get(tenant, id)
    if (others++ < 3) await missions.put(tenant, { ...found.document, owner: `other-${others}` }, { actor: 'other' })
    return found
  }
  const patch = await start(missions)
  expect((await patch({ notes: 'mine' })).body.document).toMatchObject({ owner: 'other-3', notes: 'mine' })
  others = 0
  expect((await patch({ notes: 'again' }, { 'if-match': '"5"' })).status).toBe(412)
})
