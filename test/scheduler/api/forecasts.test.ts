import { expect, onTestFinished, test } from 'vitest'
import { forecastRecordView } from '../../../scheduler/api/forecast-views.ts'
import { type FakeApiOptions, fakeApi, fakeNowMs } from '../../fakes/fake-api.ts'
import { type FakeForecasts, fakeForecastService } from '../../fakes/fake-forecast-service.ts'

async function start(forecasts: FakeForecasts = {}, options: FakeApiOptions = {}) {
  const app = await fakeApi({ forecasts: fakeForecastService(() => fakeNowMs, forecasts), ...options })
  onTestFinished(() => app.close())
  const post = (url: string, payload: unknown, headers = {}) =>
    app.inject({
      ...{ method: 'POST', url: `/api/v1${url}`, headers: { 'content-type': 'application/json', ...headers } },
      payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
    })
  return { app, post }
}

test.each(['/forecasts', '/forecast'])('POST %s answers with the forecast', async (url) => {
  const { app, post } = await start()
  const answer = await post(url, { query: 'up', confidenceLevel: 0.9 })
  expect(answer.statusCode).toBe(200)
  expect(answer.headers).toMatchObject({ location: '/api/v1/forecasts/f0', 'content-type': 'application/json' })
  expect(answer.json()).toEqual({
    ...{ forecastId: 'f0', status: 'succeeded', model: 'seasonal-naive', actor: 'anonymous', input: 'query' },
    ...{ predictionLength: 64, quantileLevels: [0.05, 0.5, 0.95], series: [], metadata: { warnings: [] } },
    ...{ createdAt: '2026-11-24T12:00:00.000Z', endedAt: '2026-11-24T12:00:00.000Z' },
  })
  expect((await app.inject('/api/v1/forecasts/f0')).json()).toEqual(answer.json())
})

test('a request that failed is the error that it failed with', async () => {
  const problems = [{ pointer: '/useCovariates', detail: 'not supported by model x' }]
  const error = { code: 'INVALID_PARAMS', message: '/useCovariates: not supported by model x', problems } as const
  const { post } = await start({ ends: { status: 'failed', error } })
  const answer = await post('/forecasts', { query: 'up' })
  expect(answer.statusCode).toBe(422)
  expect(answer.json()).toMatchObject({ code: 'INVALID_PARAMS', detail: error.message, errors: problems })
})

test('a request that is not done in time names its job', async () => {
  const { post } = await start({ ends: { status: 'running' } })
  const answer = await post('/forecasts?deadline=2s', { query: 'up' })
  expect([answer.statusCode, answer.headers.location]).toEqual([504, '/api/v1/forecast-jobs/f0'])
  expect(answer.json()).toMatchObject({
    ...{ code: 'RUN_TIMEOUT', detail: 'still running after 2s; job f0 goes on: GET /api/v1/forecast-jobs/f0' },
  })
})

test('a job tells its progress, and at last its forecast', async () => {
  const { app, post } = await start({ ends: { status: 'running', done: 3, total: 9 } })
  const begun = await post('/forecast-jobs', { query: 'up' })
  expect([begun.statusCode, begun.headers.location]).toEqual([202, '/api/v1/forecast-jobs/f0'])
  const job = (await app.inject('/api/v1/forecast-jobs/f0')).json()
  expect(job).toMatchObject({ jobId: 'f0', status: 'running', progress: { done: 3, total: 9 } })
  expect(job.forecast).toBeUndefined()
  const ended = await start()
  await ended.post('/forecast-jobs', { query: 'up' })
  expect((await ended.app.inject('/api/v1/forecast-jobs/f0')).json()).toMatchObject({
    ...{ jobId: 'f0', status: 'succeeded', forecast: { series: [], metadata: {} } },
  })
})

test('a job that is not over can be cancelled, again without an error; one that is over cannot', async () => {
  const { app, post } = await start({ ends: { status: 'running' } })
  const cancel = (id: string) => app.inject({ method: 'DELETE', url: `/api/v1/forecast-jobs/${id}` })
  await post('/forecast-jobs', { query: 'up' })
  for (const _ of ['once', 'again']) {
    const answer = await cancel('f0')
    expect([answer.statusCode, answer.json()]).toMatchObject([200, { jobId: 'f0', status: 'cancelled' }])
  }
  expect((await cancel('f1')).json()).toMatchObject({ status: 404, code: 'NOT_FOUND' })
  const ended = await start()
  await ended.post('/forecast-jobs', { query: 'up' })
  const refused = await ended.app.inject({ method: 'DELETE', url: '/api/v1/forecast-jobs/f0' })
  expect(refused.json()).toMatchObject({ status: 409, code: 'CONFLICT' })
})

test('a request whose job is cancelled meanwhile is told', async () => {
  const { post } = await start({ ends: { status: 'cancelled' } })
  expect((await post('/forecasts', { query: 'up' })).json()).toMatchObject({ status: 409, code: 'RUN_CANCELLED' })
})

test('a tenant sees its own forecasts only', async () => {
  const settings = {
    apiKeys: ['one', 'two'].map((tenant) => ({ name: `${tenant}-key`, key: `${tenant}-${'x'.repeat(16)}`, tenant })),
  }
  const { app, post } = await start({}, { settings })
  const as = (tenant: string) => ({ authorization: `Bearer ${tenant}-${'x'.repeat(16)}` })
  await post('/forecasts', { query: 'up' }, as('one'))
  const seenBy = async (tenant: string) => {
    const paths = ['/forecasts/f0', '/forecast-jobs/f0', '/forecasts']
    const answers = await Promise.all(paths.map((url) => app.inject({ url: `/api/v1${url}`, headers: as(tenant) })))
    return answers.map((answer) => answer.json().forecasts?.length ?? answer.statusCode)
  }
  const cancelled = await app.inject({ method: 'DELETE', url: '/api/v1/forecast-jobs/f0', headers: as('two') })
  expect(cancelled.statusCode).toBe(404)
  expect(await seenBy('one')).toEqual([200, 200, 1])
  expect(await seenBy('two')).toEqual([404, 404, 0])
  const [record] = (await app.inject({ url: '/api/v1/forecasts', headers: as('one') })).json().forecasts
  expect(forecastRecordView.parse(record)).toMatchObject({ actor: 'one-key', status: 'succeeded' })
})

const tens = Array.from({ length: 10 }, () => 1)

test.each([
  { body: '{"query":', status: 400, detail: '' },
  { body: '{"query":"up","__proto__":{"x":1}}', status: 400, detail: '' },
  { body: `{"series":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, status: 422, detail: '/series/0' },
  { body: { series: 3 }, status: 422, detail: '/series' },
  { body: { query: 'up', predictionLenght: 3 }, status: 422, detail: 'did you mean "predictionLength"' },
  { body: { query: 'up', predictionLength: 1e9 }, status: 422, detail: '/predictionLength' },
  { body: { query: 'up', predictionLength: '64' }, status: 422, detail: '/predictionLength' },
  { body: { query: 'x'.repeat(20_000) }, status: 422, detail: '/query' },
  { body: { series: Array.from({ length: 10_001 }, () => ({})) }, status: 422, detail: '/series' },
  { body: { series: Array.from({ length: 9_000 }, () => ({ a: 1 })) }, status: 422, detail: 'and 17950 more' },
  { body: { series: [{ values: tens, labels: { a: { b: 1 } } }] }, status: 422, detail: '/series/0/labels/a' },
  { body: `{"series":[{"values":[${'1,'.repeat(600_000)}1]}]}`, status: 413, detail: '' },
])('$status for a body that is hostile: $detail', async ({ body, status, detail }) => {
  const { post } = await start()
  const answer = await post('/forecasts', body)
  expect(answer.statusCode).toBe(status)
  expect(answer.json().detail).toContain(detail)
  expect(answer.body.length).toBeLessThan(30_000)
})

test('a job may be larger', async () => {
  const { post } = await start()
  const body = `{"series":[{"values":[${'1,'.repeat(99_999)}1]}],"asOf":"${' '.repeat(2 ** 21)}"}`
  expect((await post('/forecast-jobs', body)).json().detail).toContain('/asOf')
})

test.each(['61s', '0s', 'soon'])('a deadline of %s is refused', async (deadline) => {
  const { post } = await start()
  const answer = await post(`/forecasts?deadline=${deadline}`, { query: 'up' })
  expect(answer.json()).toMatchObject({ code: 'INVALID_PARAMS', errors: [{ pointer: '/deadline' }] })
})
