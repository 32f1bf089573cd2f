import { expect, onTestFinished, test } from 'vitest'
import type { Api } from '../../../scheduler/api/types.ts'
import { missionStatusView, missionView } from '../../../scheduler/api/views.ts'
import { type FakeApiOptions, fakeApi } from '../../fakes/fake-api.ts'

async function start(options?: FakeApiOptions): Promise<Api> {
  const app = await fakeApi(options)
  onTestFinished(() => app.close())
  return app
}

const put = (app: Api, id: string, body: object, headers: Record<string, string> = {}) =>
  app.inject({ method: 'PUT', url: `/api/v1/missions/${id}`, payload: body, headers })

test('PUT creates, repeats without effect and updates; the ETag is the generation', async () => {
  const app = await start()
  const created = await put(app, 'cpu', { query: 'cpu' })
  expect(created.statusCode).toBe(201)
  expect(created.headers).toMatchObject({ etag: '"1"', location: '/api/v1/missions/cpu' })
  expect(created.json()).toMatchObject({
    id: 'cpu',
    generation: 1,
    outcome: 'created',
    document: { id: 'cpu', query: 'cpu' },
  })
  const same = await put(app, 'cpu', { id: 'cpu', query: 'cpu' })
  expect([same.statusCode, same.json().outcome, same.headers.etag]).toEqual([200, 'unchanged', '"1"'])
  const updated = await put(app, 'cpu', { query: 'cpu', notes: 'why' })
  expect([updated.statusCode, updated.json().outcome, updated.headers.etag]).toEqual([200, 'updated', '"2"'])
})

test('GET shows document and status, in the shape that the description promises', async () => {
  const app = await start()
  await put(app, 'cpu', { query: 'cpu', forecast: { every: '30m' } })
  const answer = await app.inject('/api/v1/missions/cpu')
  expect(answer.headers.etag).toBe('"1"')
  expect(missionView.strict().parse(answer.json())).toMatchObject({
    ...{ createdAt: '2026-11-24T12:00:00.000Z', document: { forecast: { every: '30m' } } },
    status: { state: 'active', nextDetectAt: '1970-01-01T00:01:00.000Z' },
  })
  const status = await app.inject('/api/v1/missions/cpu/status')
  expect(missionStatusView.strict().parse(status.json())).not.toHaveProperty('missionScore')
})

test.each([
  { headers: { 'if-none-match': '*' }, status: 412 },
  { headers: { 'if-match': '"2"' }, status: 412 },
  { headers: { 'if-match': '"1"' }, status: 200 },
  { headers: { 'if-match': '*' }, status: 200 },
  { headers: { 'if-match': '1' }, status: 422 },
  { headers: { 'if-none-match': '"1"' }, status: 422 },
])('PUT of generation 1 with $headers answers $status', async ({ headers, status }) => {
  const app = await start()
  await put(app, 'cpu', { query: 'cpu' })
  expect((await put(app, 'cpu', { query: 'other' }, headers)).statusCode).toBe(status)
})

test('If-None-Match: * creates what is not there', async () => {
  expect((await put(await start(), 'cpu', { query: 'cpu' }, { 'if-none-match': '*' })).statusCode).toBe(201)
})

test('lists page by page', async () => {
  const app = await start()
  for (const id of ['a', 'b', 'c']) await put(app, id, { query: id })
  const first = await app.inject('/api/v1/missions?limit=2&status=true')
  expect(first.json().missions.map(({ id, status }: never) => [id, status])).toEqual([
    ['a', expect.objectContaining({ state: 'active' })],
    ['b', expect.objectContaining({ state: 'active' })],
  ])
  expect(first.headers.link).toBe('</api/v1/missions?limit=2&status=true&cursor=b>; rel="next"')
  const last = await app.inject(`/api/v1/missions?limit=2&cursor=${first.json().cursor}`)
  expect(last.json()).toEqual({ missions: [expect.objectContaining({ id: 'c' })] })
  expect(last.headers.link).toBeUndefined()
})

test.each([
  { query: 'labels=team%3Dsre', ids: ['cpu', 'cpu-2'] },
  { query: 'labels=team%3Dsre,env!%3Ddev', ids: ['cpu'] },
  { query: 'owner=ann', ids: ['cpu'] },
  { query: 'q=cpu', ids: ['cpu', 'cpu-2'] },
  { query: 'q=cpu&state=paused', ids: ['cpu-2'] },
  { query: 'state=active&limit=1', ids: ['cpu'] },
  { query: 'state=failing', ids: [] },
])('a list by $query has $ids', async ({ query, ids }) => {
  const app = await start()
  await put(app, 'cpu', { query: 'a', labels: { team: 'sre' }, owner: 'ann' })
  await put(app, 'cpu-2', { query: 'b', labels: { team: 'sre', env: 'dev' } })
  await put(app, 'mem', { query: 'c', labels: { team: 'ops' } })
  await app.inject({ method: 'POST', url: '/api/v1/missions/cpu-2/pause', payload: {} })
  const { missions } = (await app.inject(`/api/v1/missions?${query}`)).json()
  expect(missions.map(({ id }: { id: string }) => id)).toEqual(ids)
  expect(missions[0]?.status).toBeUndefined()
})

test('a list by what is no selector or state is refused', async () => {
  const app = await start()
  expect((await app.inject('/api/v1/missions?labels=team')).json().detail).toContain('write team=sre')
  expect((await app.inject('/api/v1/missions?state=sleepy')).statusCode).toBe(422)
})

test('DELETE removes, under If-Match only the generation that was seen', async () => {
  const app = await start()
  await put(app, 'cpu', { query: 'cpu' })
  const url = '/api/v1/missions/cpu'
  expect((await app.inject({ method: 'DELETE', url, headers: { 'if-match': '"7"' } })).statusCode).toBe(412)
  expect((await app.inject({ method: 'DELETE', url, headers: { 'if-match': '"1"' } })).statusCode).toBe(204)
  expect((await app.inject(url)).json()).toMatchObject({ code: 'NOT_FOUND', detail: 'no mission "cpu"' })
})

test('pause with a reason and an end, resume, trigger', async () => {
  const app = await start()
  await put(app, 'cpu', { query: 'cpu' })
  const post = (verb: string, payload?: object) =>
    app.inject({ method: 'POST', url: `/api/v1/missions/cpu/${verb}`, ...(payload && { payload }) })
  const paused = await post('pause', { reason: 'migration', until: '2026-11-24T14:00:00+01:00' })
  expect(paused.json().pause).toEqual({
    ...{ reason: 'migration', actor: 'anonymous' },
    ...{ since: '2026-11-24T12:00:00.000Z', until: '2026-11-24T13:00:00.000Z' },
  })
  expect((await post('pause', { until: '2026-11-24T11:00:00Z' })).json()).toMatchObject({
    ...{ status: 422, errors: [{ pointer: '/until', detail: 'lies in the past' }] },
  })
  expect((await post('pause')).statusCode).toBe(200)
  expect((await post('resume')).json()).not.toHaveProperty('pause')
  const triggered = await post('trigger', { flow: 'forecast' })
  expect(triggered.statusCode).toBe(202)
  expect(triggered.headers.location).toBe(`/api/v1/runs/${triggered.json().runId}`)
})

test('tenants see their own missions only, and are the actors of changes', async () => {
  const apiKeys = [
    { name: 'ci', key: 'key-of-the-red-team', tenant: 'red' },
    { name: 'ops', key: 'key-of-the-blue-team', tenant: 'blue' },
  ]
  const app = await start({ settings: { apiKeys } })
  const red = { authorization: 'Bearer key-of-the-red-team' }
  const blue = { authorization: 'bearer key-of-the-blue-team' }
  await put(app, 'cpu', { query: 'cpu' }, red)
  expect((await app.inject({ url: '/api/v1/missions', headers: blue })).json()).toEqual({ missions: [] })
  expect((await app.inject({ url: '/api/v1/missions/cpu', headers: blue })).statusCode).toBe(404)
  const paused = await app.inject({ method: 'POST', url: '/api/v1/missions/cpu/pause', headers: red })
  expect(paused.json().pause.actor).toBe('ci')
})
