import { expect, onTestFinished, test } from 'vitest'
import type { Api } from '../../../scheduler/api/types.ts'
import { type FakeApiOptions, fakeApi } from '../../fakes/fake-api.ts'

async function start(options?: FakeApiOptions): Promise<Api> {
  const app = await fakeApi(options)
  onTestFinished(() => app.close())
  return app
}

const forecasting = '/deployments/forecasting-deployment/schedules'
const detection = '/api/deployments/detection-deployment/schedules'
const parameters = { promql: 'up' }
const hourly = { cron: '0 * * * *', parameters }
const post = (app: Api, url: string, body: unknown) => app.inject({ method: 'POST', url, payload: body as object })

test.each(['', '/api'])('%s/deployments shows both, by id, name and flow', async (prefix) => {
  const app = await start()
  const all = (await app.inject(`${prefix}/deployments`)).json()
  expect(all.map(({ name }: { name: string }) => name)).toEqual(['forecasting-deployment', 'detection-deployment'])
  const { id, name, flow_name, parameter_openapi_schema: schema } = all[1]
  expect(schema).toMatchObject({ required: ['promql'], properties: { model_type: {} } })
  for (const path of [`/${id}`, `/${name}`, `/name/${flow_name}/${name}`])
    expect((await app.inject(`${prefix}/deployments${path}`)).json()).toEqual(all[1])
  expect((await app.inject(`${prefix}/deployments?name=${name}`)).json()).toEqual([all[1]])
})

test('what is not there is said with what there is', async () => {
  const app = await start()
  const missing = await app.inject('/deployments/other')
  expect([missing.statusCode, missing.json().detail]).toEqual([
    ...[404, 'no deployment "other"; there are forecasting-deployment and detection-deployment'],
  ])
  expect((await app.inject('/deployments/name/detection/forecasting-deployment')).statusCode).toBe(404)
  const patch = { method: 'PATCH', url: `${forecasting}/x.forecast`, payload: { active: false } } as const
  expect((await app.inject(patch)).json()).toMatchObject({ status: 404, detail: expect.stringContaining('x.forecast') })
})

test('a schedule is listed as it was posted, in its own deployment', async () => {
  const app = await start()
  const answer = await post(app, forecasting, { ...hourly, timezone: 'Europe/Berlin' })
  expect(answer.statusCode).toBe(201)
  expect(answer.json()).toMatchObject([{ outcome: 'created', warnings: [], active: true, parameters }])
  const list = (await app.inject(forecasting)).json()
  expect(list).toMatchObject([{ schedule: { cron: '0 * * * *', timezone: 'Europe/Berlin' }, slug: null, parameters }])
  expect((await app.inject(detection)).json()).toEqual([])
  expect((await app.inject(`/api/v1/missions/${list[0].mission}`)).json().document.query).toBe('up')
})

test('missions that were made otherwise are no schedules of deployments', async () => {
  const app = await start()
  await app.inject({ method: 'PUT', url: '/api/v1/missions/mine', payload: { query: 'up', forecast: { every: '1h' } } })
  expect((await app.inject(forecasting)).json()).toEqual([])
  expect((await app.inject({ method: 'DELETE', url: `${forecasting}/mine.forecast` })).statusCode).toBe(404)
})

test('PATCH edits, pauses and resumes; what is watched stays', async () => {
  const app = await start()
  const [{ id, mission }] = (await post(app, forecasting, hourly)).json()
  const patch = async (payload: object) =>
    (await app.inject({ method: 'PATCH', url: `${forecasting}/${id}`, payload })).statusCode
  const document = async () => (await app.inject(`/api/v1/missions/${mission}`)).json().document
  expect(await patch({ schedule: { interval: 7_200 }, parameters: { step: '1m' } })).toBe(204)
  expect(await document()).toMatchObject({ step: '1m', forecast: { every: '2h' } })
  expect(await patch({ active: false })).toBe(204)
  expect(await document()).toMatchObject({ paused: true, step: '1m', forecast: { every: '2h' } })
  expect(await patch({ active: true })).toBe(204)
  expect(await document()).toMatchObject({ paused: false })
  expect(await patch({ parameters: { promql: 'down' } })).toBe(422)
})

test('the mission ends with the second of its halves', async () => {
  const app = await start()
  const [{ id, mission }] = (await post(app, forecasting, hourly)).json()
  const [{ id: other }] = (await post(app, detection, { interval: 60, parameters })).json()
  const remove = async (url: string) => (await app.inject({ method: 'DELETE', url })).statusCode
  expect(await remove(`${forecasting}/${other}`)).toBe(404)
  expect(await remove(`${forecasting}/${id}`)).toBe(204)
  expect((await app.inject(`/api/v1/missions/${mission}`)).json().document).not.toHaveProperty('forecast')
  expect(await remove(`${detection}/${other}`)).toBe(204)
  expect((await app.inject(`/api/v1/missions/${mission}`)).statusCode).toBe(404)
})

test.each([
  [{ cron: '0 * * * *', parameters: {} }, '/0/parameters/promql'],
  [{ cron: '0 * * * *', parameters: { promql: 'up', model_type: 'prophet' } }, '/0/parameters/model_type'],
  [[hourly, { cron: '0 * * * *', parameters: { promql: 'a', model_type: 'x' } }], '/1/parameters/model_type'],
  [{ parameters }, '/0/schedule'],
])('%j is refused at %s', async (body, pointer) => {
  const answer = await post(await start(), forecasting, body)
  expect(answer.statusCode).toBe(422)
  expect(answer.json().errors.map((error: { pointer: string }) => error.pointer)).toEqual([pointer])
})

test('keys and tenants hold here as elsewhere', async () => {
  const key = (tenant: string) => ({ name: tenant, tenant, key: `${tenant}-key-of-some-length` })
  const app = await start({ settings: { apiKeys: [key('a'), key('b')] } })
  const as = (tenant: string) => ({ authorization: `Bearer ${tenant}-key-of-some-length` })
  for (const url of [forecasting, detection]) expect((await app.inject(url)).statusCode).toBe(401)
  await app.inject({ method: 'POST', url: forecasting, payload: hourly, headers: as('a') })
  const listed = async (tenant: string) => (await app.inject({ url: forecasting, headers: as(tenant) })).json().length
  expect([await listed('a'), await listed('b')]).toEqual([1, 0])
})
