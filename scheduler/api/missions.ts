import { z } from 'zod'
import { missionBody, missionId } from '../missions/document/document.ts'
import type { ApiDeps } from './deps.ts'
import { preconditions, tagged } from './etag.ts'
import { listMissions, missionStates } from './list-missions.ts'
import { tellOutcome } from './outcome.ts'
import { listQuery, nextLink } from './paging.ts'
import { assertPathId } from './path-id.ts'
import { problemResponses } from './problems.ts'
import { labelSelector } from './schedules.ts'
import type { Api } from './types.ts'
import { missionStatusView, missionView, viewMission, viewStatus } from './views.ts'

export const missionParams = z.object({ id: missionId })
const params = missionParams
const tags = ['missions']

/** /api/v1/missions */
export function missionRoutes(app: Api, deps: ApiDeps): void {
  for (const route of [putRoute, listRoute, readRoutes, deleteRoute]) route(app, deps)
}

function putRoute(app: Api, { missions }: ApiDeps): void {
  app.put('/missions/:id', {
    schema: {
      ...{ tags, summary: 'Create or replace a mission', params, body: missionBody },
      description: '`If-None-Match: *` only creates; `If-Match: "<generation>"` only replaces that generation.',
      response: { 200: putView, 201: putView, ...problemResponses },
    },
    handler: async (request, reply) => {
      const { params, body, caller } = request
      const { id } = params
      assertPathId(body, id)
      const options = { actor: caller.name, ...(await preconditions(request, () => missions.get(caller.tenant, id))) }
      const { mission, outcome, warnings } = await missions.put(caller.tenant, { id, ...body }, options)
      tellOutcome(request, reply, { outcome, path: `/missions/${mission.id}` })
      return { ...tagged(reply, mission), outcome, warnings: [...warnings] }
    },
  })
}

function listRoute(app: Api, { missions }: ApiDeps): void {
  app.get('/missions', {
    schema: {
      ...{ tags, summary: 'List missions by id' },
      querystring: listQuery.extend({
        status: z.stringbool().default(false).describe('With the status of each'),
        labels: labelSelector.exactOptional(),
        state: z.enum(missionStates).exactOptional(),
        owner: z.string().max(200).exactOptional(),
        q: z.string().max(100).exactOptional().describe('How their ids begin'),
      }),
      response: { 200: pageView, ...problemResponses },
    },
    handler: async (request, reply) => {
      const { query, caller } = request
      const { items, cursor } = await listMissions(missions, caller.tenant, query)
      nextLink(request, reply, cursor)
      return {
        missions: items.map(({ mission, status }) => viewMission(mission, query.status ? status : undefined)),
        ...(cursor !== undefined && { cursor }),
      }
    },
  })
}

function readRoutes(app: Api, { missions }: ApiDeps): void {
  app.get('/missions/:id', {
    schema: {
      ...{ tags, summary: 'A mission with its status', params },
      response: { 200: missionView, ...problemResponses },
    },
    handler: async ({ params: { id }, caller: { tenant } }, reply) => {
      const [mission, status, effective] = await Promise.all([
        missions.get(tenant, id),
        missions.status(tenant, id),
        missions.effective(tenant, id),
      ])
      return {
        ...tagged(reply, mission),
        status: viewStatus(status),
        ...(effective && { effective: { ...effective } }),
      }
    },
  })

  app.get('/missions/:id/status', {
    schema: {
      ...{ tags, summary: 'How a mission is doing', params },
      response: { 200: missionStatusView, ...problemResponses },
    },
    handler: async ({ params: { id }, caller: { tenant } }) => viewStatus(await missions.status(tenant, id)),
  })
}

function deleteRoute(app: Api, { missions }: ApiDeps): void {
  app.delete('/missions/:id', {
    schema: {
      ...{ tags, summary: 'Delete a mission; what it wrote stays in the store', params },
      response: { 204: z.undefined(), ...problemResponses },
    },
    handler: async (request, reply) => {
      const { params, caller } = request
      const { ifGeneration } = await preconditions(request, () => missions.get(caller.tenant, params.id))
      const options = ifGeneration === undefined ? {} : { ifGeneration }
      await missions.remove(caller.tenant, params.id, options)
      return reply.code(204).send()
    },
  })
}

export const putView = missionView
  .extend({
    outcome: z.enum(['created', 'updated', 'unchanged']),
    warnings: z.array(z.string()).describe('What to know though the mission was taken'),
  })
  .meta({ id: 'PutMission' })
const pageView = z.object({ missions: z.array(missionView), cursor: z.string().optional() }).meta({ id: 'MissionPage' })
