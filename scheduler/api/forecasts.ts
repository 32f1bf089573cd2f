import { z } from 'zod'
import { forecastOnceParams } from '../../flows/forecast-once-params.ts'
import { formatDuration, parseDuration, tryParseDuration } from '../../models/duration.ts'
import { AppError } from '../../models/errors.ts'
import { forecastLimits } from '../forecasts/limits.ts'
import { type ForecastRecord, isOver } from '../forecasts/types.ts'
import type { Caller } from './auth/caller.ts'
import type { ApiDeps } from './deps.ts'
import { forecastRecordView, forecastResponse, viewForecast, withFields } from './forecast-views.ts'
import { formatBinary } from './format-binary.ts'
import { listQuery, nextLink } from './paging.ts'
import { problemResponses } from './problems.ts'
import type { Api } from './types.ts'

const tags = ['forecasts']
const mostMs = 60_000

const querystring = z.strictObject({
  deadline: z
    .string()
    .refine((text) => isWithin(tryParseDuration(text), 1, mostMs), { error: 'write a duration up to 60s, as 10s' })
    .default('30s')
    .describe('How long to wait; the job goes on after that'),
})

/** /api/v1/forecasts, and /api/v1/forecast: a small forecast while the caller waits, and what was forecast before. */
export function forecastRoutes(app: Api, deps: ApiDeps): void {
  for (const path of ['/forecasts', '/forecast']) postRoute(app, deps, path)
  readRoutes(app, deps)
}

function postRoute(app: Api, { forecasts }: ApiDeps, path: string): void {
  app.post(path, {
    schema: {
      ...{ tags, summary: 'Forecast the series of a query or of the request itself; nothing is written' },
      description: 'Small: at most 1,000 series and 60,000 numbers (series x steps x levels). Larger: /forecast-jobs.',
      ...{ querystring, body: forecastOnceParams, response: forecastResponse },
    },
    bodyLimit: forecastLimits.bodyBytes.request,
    config: { largerBodies: `POST /api/v1/forecast-jobs takes ${formatBinary(forecastLimits.bodyBytes.job)}` },
    handler: async ({ body, query: { deadline }, caller }, reply) => {
      const gone = new AbortController()
      reply.raw.once('close', () => gone.abort())
      const { tenant, id } = await forecasts.submit(body, { ...asker(caller), kind: 'request' })
      const record = await forecasts.wait({ tenant, id }, parseDuration(deadline), gone.signal)
      if (gone.signal.aborted && !isOver(record)) {
        // who asks again would wait behind it
        await forecasts.cancel({ tenant, id })
        throw new AppError('RUN_CANCELLED', `the caller hung up; job ${id} was cancelled`)
      }
      reply.header('location', `/api/v1/forecast${record.endedMs === undefined ? '-jobs' : 's'}/${id}`)
      refuseUnmade(record, deadline)
      const result = await forecasts.result({ tenant, id })
      return reply.type('application/json').send(withFields(viewForecast(record), result))
    },
  })
}

/** @throws what it failed with; RUN_TIMEOUT, with where to look again, while it is not over. */
function refuseUnmade({ id, status, error }: ForecastRecord, deadline: string): void {
  if (error) throw new AppError(error.code, error.message, { problems: error.problems })
  if (status === 'succeeded') return
  if (status === 'cancelled') throw new AppError('RUN_CANCELLED', `job ${id} was cancelled`)
  const waited = formatDuration(parseDuration(deadline))
  throw new AppError(
    'RUN_TIMEOUT',
    `still ${status} after ${waited}; job ${id} goes on: GET /api/v1/forecast-jobs/${id}`,
  )
}

const pageView = z
  .object({ forecasts: z.array(forecastRecordView), cursor: z.string().optional() })
  .meta({ id: 'ForecastPage' })

function readRoutes(app: Api, { forecasts }: ApiDeps): void {
  app.get('/forecasts', {
    schema: {
      ...{ tags, summary: 'Forecasts of the last week that were asked for, newest first', querystring: listQuery },
      response: { 200: pageView, ...problemResponses },
    },
    handler: async (request, reply) => {
      const page = await forecasts.list(request.caller.tenant, request.query)
      nextLink(request, reply, page.cursor)
      return { forecasts: page.forecasts.map(viewForecast), ...(page.cursor !== undefined && { cursor: page.cursor }) }
    },
  })

  app.get('/forecasts/:id', {
    schema: { ...{ tags, summary: 'One forecast, with its result', params: forecastId }, response: forecastResponse },
    handler: async ({ params: { id }, caller: { tenant } }, reply) => {
      const record = await forecasts.get({ tenant, id })
      const body = withFields(viewForecast(record), await forecasts.result({ tenant, id }))
      return reply.type('application/json').send(body)
    },
  })
}

export const forecastId = z.object({ id: z.string().max(100) })

export function asker({ tenant, name }: Caller) {
  return { tenant, actor: name }
}

function isWithin(value: number | undefined, least: number, most: number): boolean {
  return value !== undefined && value >= least && value <= most
}
