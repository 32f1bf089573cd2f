import { forecastOnceParams } from '../../flows/forecast-once-params.ts'
import { forecastLimits } from '../forecasts/limits.ts'
import type { ApiDeps } from './deps.ts'
import { forecastJobResponse, forecastJobView, viewForecast, withField } from './forecast-views.ts'
import { asker, forecastId } from './forecasts.ts'
import { problemResponses } from './problems.ts'
import type { Api } from './types.ts'

const tags = ['forecasts']

/** /api/v1/forecast-jobs: large forecasts, with progress. */
export function forecastJobRoutes(app: Api, { forecasts }: ApiDeps): void {
  app.post('/forecast-jobs', {
    schema: {
      ...{ tags, summary: 'Begin a forecast; ask for its job until it is over', body: forecastOnceParams },
      description: 'At most 10,000 series and 2,000,000 numbers (series x steps x levels).',
      response: { 202: forecastJobView, ...problemResponses },
    },
    bodyLimit: forecastLimits.bodyBytes.job,
    handler: async ({ body, caller }, reply) => {
      const record = await forecasts.submit(body, { ...asker(caller), kind: 'job' })
      reply.code(202).header('location', `/api/v1/forecast-jobs/${record.id}`)
      return { jobId: record.id, ...viewForecast(record) }
    },
  })

  app.get('/forecast-jobs/:id', {
    schema: {
      ...{ tags, summary: 'Progress of a forecast, at last with its result', params: forecastId },
      response: forecastJobResponse,
    },
    handler: async ({ params: { id }, caller: { tenant } }, reply) => {
      const record = await forecasts.get({ tenant, id })
      const body = withField({ jobId: id, ...viewForecast(record) }, 'forecast', await forecasts.result({ tenant, id }))
      return reply.type('application/json').send(body)
    },
  })

  app.delete('/forecast-jobs/:id', {
    schema: {
      ...{ tags, summary: 'Cancel a forecast that waits or is at work; again is no error', params: forecastId },
      description: '409 once it has succeeded or failed: its record and its result stay in the history.',
      response: { 200: forecastJobView, ...problemResponses },
    },
    handler: async ({ params: { id }, caller: { tenant } }) => {
      const record = await forecasts.cancel({ tenant, id })
      return { jobId: id, ...viewForecast(record) }
    },
  })
}
