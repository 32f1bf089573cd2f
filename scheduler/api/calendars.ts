import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { calendarBody, calendarEffects, calendarId } from '../calendars/document.ts'
import type { CalendarService } from '../calendars/service.ts'
import type { StoredCalendar } from '../calendars/types.ts'
import { calendarView, viewCalendar, viewWindow, windowView } from './calendar-views.ts'
import type { ApiDeps } from './deps.ts'
import { preconditions, tag } from './etag.ts'
import { assertRange, givenInstant } from './instant-range.ts'
import { tellOutcome } from './outcome.ts'
import { listQuery, nextLink } from './paging.ts'
import { assertPathId } from './path-id.ts'
import { problemResponses } from './problems.ts'
import type { Api } from './types.ts'

const tags = ['calendars']
const params = z.object({ id: calendarId })
const maxWindows = 1_000

/** /api/v1/calendars */
export function calendarRoutes(app: Api, deps: ApiDeps): void {
  for (const route of [putRoute, listRoute, readRoute, timesRoute, deleteRoute]) route(app, deps)
}

function view(calendars: CalendarService, calendar: StoredCalendar, nowMs: number) {
  return viewCalendar(calendar, calendars.window(calendar, nowMs), nowMs)
}

function putRoute(app: Api, { calendars, now }: ApiDeps): void {
  app.put('/calendars/:id', {
    schema: {
      ...{ tags, summary: 'Create or replace a calendar', params, body: calendarBody },
      description:
        'In force at the next T. `If-None-Match: *` only creates; `If-Match: "<generation>"` only replaces that generation. An unchanged document changes nothing.',
      response: { 200: putView, 201: putView, ...problemResponses },
    },
    handler: async (request, reply) => {
      const { params, body, caller } = request
      const { id } = params
      assertPathId(body, id)
      const options = await preconditions(request, () => calendars.get({ tenant: caller.tenant, id }))
      const { calendar, outcome } = await calendars.put(caller.tenant, { ...body, id }, options)
      tellOutcome(request, reply, { outcome, path: `/calendars/${id}` })
      tag(reply, calendar)
      return { ...view(calendars, calendar, now()), outcome }
    },
  })
}

function listRoute(app: Api, { calendars, now }: ApiDeps): void {
  app.get('/calendars', {
    schema: {
      ...{ tags, summary: 'Calendars by id' },
      querystring: listQuery.extend({ effect: z.enum(calendarEffects).exactOptional() }),
      response: { 200: pageView, ...problemResponses },
    },
    handler: async (request, reply) => {
      const page = await calendars.list(request.caller.tenant, request.query)
      nextLink(request, reply, page.cursor)
      const nowMs = now()
      const viewed: z.output<typeof calendarView>[] = []
      for (const calendar of page.calendars) {
        viewed.push(view(calendars, calendar, nowMs))
        // reading one iCalendar may take half a second, and others wait
        await setImmediate()
      }
      return {
        calendars: viewed,
        ...(page.cursor !== undefined && { cursor: page.cursor }),
      }
    },
  })
}

function readRoute(app: Api, { calendars, now }: ApiDeps): void {
  app.get('/calendars/:id', {
    schema: {
      ...{ tags, summary: 'A calendar with its present or next window', params },
      response: { 200: calendarView, ...problemResponses },
    },
    handler: async ({ params: { id }, caller: { tenant } }, reply) => {
      const calendar = await calendars.get({ tenant, id })
      tag(reply, calendar)
      return view(calendars, calendar, now())
    },
  })
}

function timesRoute(app: Api, { calendars, now }: ApiDeps): void {
  app.get('/calendars/:id/times', {
    schema: {
      ...{ tags, summary: 'Windows of a calendar that touch a range, without overlaps', params },
      querystring: z.strictObject({
        from: givenInstant.optional().describe('Default: now'),
        to: givenInstant.optional().describe('Excluded; default: without end'),
        limit: z.coerce.number().int().min(1).max(maxWindows).default(100),
      }),
      response: { 200: z.object({ windows: z.array(windowView) }).meta({ id: 'CalendarTimes' }), ...problemResponses },
    },
    handler: async ({ params: { id }, query: { from, to, limit }, caller: { tenant } }) => {
      const fromMs = from === undefined ? now() : Date.parse(from)
      const untilMs = to === undefined ? Number.POSITIVE_INFINITY : Date.parse(to)
      assertRange(fromMs, untilMs)
      const windows = await calendars.windows({ tenant, id }, { fromMs, untilMs, limit })
      return { windows: windows.map(viewWindow) }
    },
  })
}

function deleteRoute(app: Api, { calendars }: ApiDeps): void {
  app.delete('/calendars/:id', {
    schema: {
      ...{ tags, summary: 'Delete a calendar: what it took stays as it is', params },
      response: { 204: z.undefined(), ...problemResponses },
    },
    handler: async (request, reply) => {
      const key = { tenant: request.caller.tenant, id: request.params.id }
      const { ifGeneration } = await preconditions(request, () => calendars.get(key))
      await calendars.remove(key, ifGeneration === undefined ? {} : { ifGeneration })
      return reply.code(204).send()
    },
  })
}

const putView = calendarView
  .extend({ outcome: z.enum(['created', 'updated', 'unchanged']) })
  .meta({ id: 'PutCalendar' })
const pageView = z
  .object({ calendars: z.array(calendarView), cursor: z.string().optional() })
  .meta({ id: 'CalendarPage' })
