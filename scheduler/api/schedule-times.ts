import { z } from 'zod'
import { scheduleDocument } from '../schedules/document.ts'
import { listTimes } from '../schedules/times.ts'
import { labelsOf } from '../store/ticks/stored-schedule.ts'
import { tickOutcomes } from '../store/ticks/tick-codec.ts'
import type { ApiDeps } from './deps.ts'
import { assertRange, givenInstant } from './instant-range.ts'
import { listQuery, nextLink } from './paging.ts'
import { problemResponses } from './problems.ts'
import { runState, runView, viewRun } from './run-views.ts'
import { whose } from './runs.ts'
import { loadView, timeView, viewLoad, viewTime } from './schedule-views.ts'
import { scheduleParams as params } from './schedules.ts'
import type { Api } from './types.ts'
import { tickView, viewTick } from './views.ts'

const tags = ['schedules']
const dayMs = 86_400_000
const maxTimes = 1_000

/** When a schedule is due, what became of it, and what would be. */
export function scheduleTimeRoutes(app: Api, deps: ApiDeps): void {
  for (const route of [timesRoute, ticksRoute, runsRoute, previewRoute]) route(app, deps)
}

function timesRoute(app: Api, { schedules, calendars, now }: ApiDeps): void {
  app.get('/schedules/:id/times', {
    schema: {
      ...{
        tags,
        summary: 'Nominal times of a range by the present document, with what clocks and calendars do',
        params,
      },
      querystring: z.strictObject({
        from: givenInstant.optional().describe('Excluded; default: now'),
        to: givenInstant.optional().describe('Included; default: without end'),
        limit: z.coerce.number().int().min(1).max(maxTimes).default(100),
      }),
      response: { 200: z.object({ times: z.array(timeView) }).meta({ id: 'NominalTimes' }), ...problemResponses },
    },
    handler: async ({ params: { id }, query: { from, to, limit }, caller: { tenant } }) => {
      const fromMs = from === undefined ? now() : Date.parse(from)
      const untilMs = to === undefined ? Number.POSITIVE_INFINITY : Date.parse(to)
      assertRange(fromMs, untilMs)
      const schedule = await schedules.get({ tenant, id })
      const effectsAt = await calendars.effects(tenant, labelsOf(schedule))
      return { times: listTimes(schedule.spec, { fromMs, untilMs, limit, effectsAt }).map(viewTime) }
    },
  })
}

function ticksRoute(app: Api, { ticks, schedules, now }: ApiDeps): void {
  app.get('/schedules/:id/ticks', {
    schema: {
      ...{ tags, summary: 'What became of every due instant, oldest first (kept for two days)', params },
      querystring: listQuery.extend({
        cursor: z
          .string()
          .regex(/^\d{1,16}$/, 'no cursor of this list')
          .exactOptional()
          .describe('From the page before'),
        outcome: z.enum(tickOutcomes).exactOptional(),
        from: givenInstant.optional().describe('Excluded; default: a day before `to`'),
        to: givenInstant.optional().describe('Included; default: now'),
      }),
      response: {
        200: z.object({ ticks: z.array(tickView), cursor: z.string().optional() }).meta({ id: 'Ticks' }),
        ...problemResponses,
      },
    },
    handler: async (request, reply) => {
      const { params, query, caller } = request
      const { from, to, limit, cursor: after, ...filter } = query
      const untilMs = to === undefined ? now() : Date.parse(to)
      const fromMs = from === undefined ? untilMs - dayMs : Date.parse(from)
      assertRange(fromMs, untilMs)
      const schedule = await schedules.get({ tenant: caller.tenant, id: params.id })
      const range = { fromMs: Math.max(fromMs, Number(after ?? 0)), untilMs }
      const found = await ticks.list(schedule, { ...filter, ...range, limit: limit + 1 })
      const page = found.slice(0, limit)
      const cursor = found.length > limit ? `${page.at(-1)?.nominalMs}` : undefined
      nextLink(request, reply, cursor)
      return { ticks: page.map(viewTick), ...(cursor !== undefined && { cursor }) }
    },
  })
}

function runsRoute(app: Api, { runs, schedules }: ApiDeps): void {
  app.get('/schedules/:id/runs', {
    schema: {
      ...{ tags, summary: 'Its runs, newest first: forecasts, slow and failed ones', params },
      querystring: listQuery.extend({ state: runState.exactOptional() }),
      response: {
        200: z.object({ runs: z.array(runView), cursor: z.string().optional() }).meta({ id: 'ScheduleRuns' }),
        ...problemResponses,
      },
    },
    handler: async (request, reply) => {
      const { caller, query, params } = request
      const { id, flow } = await schedules.get({ tenant: caller.tenant, id: params.id })
      const page = await runs.list(caller.tenant, { ...query, ...whose(id), flow })
      nextLink(request, reply, page.cursor)
      const { cursor } = page
      return { runs: page.runs.map((run) => viewRun(run, caller)), ...(cursor !== undefined && { cursor }) }
    },
  })
}

function previewRoute(app: Api, { schedules, calendars }: ApiDeps): void {
  app.post('/schedule-previews', {
    config: { scope: 'read' },
    schema: {
      ...{ tags, summary: 'When a schedule would be due, and beside what; nothing is stored' },
      body: scheduleDocument,
      querystring: z.strictObject({ count: z.coerce.number().int().min(1).max(maxTimes).default(10) }),
      response: { 200: previewView, ...problemResponses },
    },
    handler: async ({ body, query: { count }, caller: { tenant } }) => {
      const effectsAt = await calendars.effects(tenant, body.labels)
      const { times, startDelayMs, load } = await schedules.preview(tenant, body, { count, effectsAt })
      return { times: times.map(viewTime), startDelaySeconds: startDelayMs / 1_000, load: viewLoad(load) }
    },
  })
}

const previewView = z
  .object({
    times: z.array(timeView),
    startDelaySeconds: z.number().describe('Every start lies this far behind its T'),
    load: loadView,
  })
  .meta({ id: 'SchedulePreview' })
