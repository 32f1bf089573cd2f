import { z } from 'zod'
import { missionId } from '../missions/document/document.ts'
import { ownScheduleId, scheduleBody } from '../schedules/document.ts'
import { type LabelMatch, parseLabelSelector, selectorHint } from '../schedules/label-selector.ts'
import { scheduleStates } from '../schedules/list-schedules.ts'
import type { ApiDeps } from './deps.ts'
import { preconditions, tag } from './etag.ts'
import { tellOutcome } from './outcome.ts'
import { listQuery, nextLink } from './paging.ts'
import { assertPathId } from './path-id.ts'
import { problemResponses } from './problems.ts'
import { scheduleView, viewSchedule } from './schedule-views.ts'
import type { Api } from './types.ts'

const tags = ['schedules']
/** Also of schedules of missions, which are named `<mission>.forecast` and `<mission>.detect`. */
export const scheduleParams = z.object({ id: ownScheduleId })

/** /api/v1/schedules */
export function scheduleRoutes(app: Api, deps: ApiDeps): void {
  for (const route of [putRoute, listRoute, readRoute, deleteRoute]) route(app, deps)
}

function putRoute(app: Api, { schedules, now }: ApiDeps): void {
  app.put('/schedules/:id', {
    schema: {
      ...{ tags, summary: 'Create or replace a schedule of its own', params: scheduleParams, body: scheduleBody },
      description:
        'Any flow of `GET /flows`, beside what missions do. `If-None-Match: *` only creates; `If-Match: "<generation>"` only replaces that generation. An unchanged document changes nothing; a T that is due already stays.',
      response: { 200: putView, 201: putView, ...problemResponses },
    },
    handler: async (request, reply) => {
      const { params, body, caller } = request
      const { id } = params
      assertPathId(body, id)
      const options = await preconditions(request, () => schedules.get({ tenant: caller.tenant, id }))
      const { schedule, outcome } = await schedules.put(caller.tenant, { ...body, id }, options)
      tellOutcome(request, reply, { outcome, path: `/schedules/${id}` })
      tag(reply, schedule)
      return { ...viewSchedule(schedule, now()), outcome }
    },
  })
}

function listRoute(app: Api, { schedules, now }: ApiDeps): void {
  app.get('/schedules', {
    schema: {
      ...{ tags, summary: 'Schedules by id, those of missions too' },
      querystring: listQuery.extend({
        flow: z.string().max(100).exactOptional(),
        mission: missionId.exactOptional(),
        state: z.enum(scheduleStates).exactOptional(),
        labels: labelSelector.exactOptional(),
        owner: z.string().max(200).exactOptional(),
        q: z.string().max(80).exactOptional().describe('How the id begins'),
      }),
      response: { 200: pageView, ...problemResponses },
    },
    handler: async (request, reply) => {
      const page = await schedules.list(request.caller.tenant, request.query)
      nextLink(request, reply, page.cursor)
      const nowMs = now()
      return {
        schedules: page.schedules.map((schedule) => viewSchedule(schedule, nowMs)),
        ...(page.cursor !== undefined && { cursor: page.cursor }),
      }
    },
  })
}

function readRoute(app: Api, { schedules, now }: ApiDeps): void {
  app.get('/schedules/:id', {
    schema: {
      ...{ tags, summary: 'A schedule with its status', params: scheduleParams },
      response: { 200: scheduleView, ...problemResponses },
    },
    handler: async ({ params: { id }, caller: { tenant } }, reply) => {
      const schedule = await schedules.get({ tenant, id })
      tag(reply, schedule)
      return viewSchedule(schedule, now(), await schedules.status(schedule))
    },
  })
}

function deleteRoute(app: Api, { schedules }: ApiDeps): void {
  app.delete('/schedules/:id', {
    schema: {
      ...{ tags, summary: 'Delete a schedule of its own; runs under way go on', params: scheduleParams },
      response: { 204: z.undefined(), ...problemResponses },
    },
    handler: async (request, reply) => {
      const key = { tenant: request.caller.tenant, id: request.params.id }
      const { ifGeneration } = await preconditions(request, () => schedules.get(key))
      await schedules.remove(key, ifGeneration === undefined ? {} : { ifGeneration })
      return reply.code(204).send()
    },
  })
}

export const putView = scheduleView
  .extend({ outcome: z.enum(['created', 'updated', 'unchanged']) })
  .meta({ id: 'PutSchedule' })
const pageView = z
  .object({ schedules: z.array(scheduleView), cursor: z.string().optional() })
  .meta({ id: 'SchedulePage' })

/** `team=sre,env!=dev`: every part must hold. */
export const labelSelector = z
  .string()
  .max(1_000)
  .transform((text, check): readonly LabelMatch[] => {
    const matches = parseLabelSelector(text)
    if (!matches) check.addIssue({ code: 'custom', message: selectorHint })
    return matches ?? []
  })
  .meta({ description: 'As team=sre,env!=dev', type: 'string' })
