import { expect, onTestFinished, test } from 'vitest'
import { apiClient } from '../../../../scheduler/cli/api-client.ts'
import { forecastThere } from '../../../../scheduler/cli/forecast/forecast-there.ts'
import { fakeApi, fakeNowMs } from '../../../fakes/fake-api.ts'
import { fakeForecastService } from '../../../fakes/fake-forecast-service.ts'

test('who leaves while a job is at work cancels it', async () => {
  const forecasts = fakeForecastService(() => fakeNowMs, { ends: { status: 'running', done: 1, total: 2 } })
  const app = await fakeApi({ forecasts })
  onTestFinished(() => app.close())
  const client = apiClient({ api: await app.listen({ port: 0, host: '127.0.0.1' }) }, {})
  const leaving = new AbortController()
  const { signal } = leaving
  const there = { client, signal, onProgress: () => leaving.abort(), onWait: () => undefined }
  await expect(forecastThere({ query: 'up' }, there)).rejects.toMatchObject({
    ...{ code: 'RUN_CANCELLED', message: 'forecast f0 was cancelled' },
  })
  expect(await forecasts.get({ tenant: 'default', id: 'f0' })).toMatchObject({ status: 'cancelled' })
})

test('a job that somebody else cancels is no forecast', async () => {
  const app = await fakeApi({ forecasts: fakeForecastService(() => fakeNowMs, { ends: { status: 'cancelled' } }) })
  onTestFinished(() => app.close())
  const client = apiClient({ api: await app.listen({ port: 0, host: '127.0.0.1' }) }, {})
  const { signal } = new AbortController()
  const there = { client, signal, onProgress: () => undefined, onWait: () => undefined }
  await expect(forecastThere({ query: 'up' }, there)).rejects.toMatchObject({ code: 'RUN_CANCELLED' })
})
