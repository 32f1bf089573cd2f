import { z } from 'zod'
import { AppError } from '../../models/errors.ts'
import type { MissionService } from '../missions/contract.ts'
import { missionBody, missionId } from '../missions/document/document.ts'
import type { ApiDeps } from './deps.ts'
import { preconditions, tagged } from './etag.ts'
import { listQuery, nextLink } from './paging.ts'
import { assertPathId } from './path-id.ts'
import { problemResponses } from './problems.ts'
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
      if (outcome === 'created') reply.code(201).header('location', `/api/v1/missions/${mission.id}`)
      return { ...tagged(reply, mission), outcome, warnings: [...warnings] }
    },
  })
}

function listRoute(app: Api, { missions }: ApiDeps): void {
  app.get('/missions', {
    schema: {
      ...{ tags, summary: 'List missions by id' },
      querystring: listQuery.extend({ status: z.stringbool().default(false).describe('With the status of each') }),
      response: { 200: pageView, ...problemResponses },
    },
    handler: async (request, reply) => {
      const { query, caller } = request
      const page = await missions.list(caller.tenant, query)
      const statuses = query.status
        ? await Promise.all(page.missions.map(({ id }) => statusOf(missions, caller.tenant, id)))
        : []
      nextLink(request, reply, page.cursor)
      return {
        missions: page.missions.map((mission, i) => viewMission(mission, statuses[i])),
        ...(page.cursor !== undefined && { cursor: page.cursor }),
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

/** A mission that was deleted while its page was read has none. */
async function statusOf(missions: MissionService, tenant: string, id: string) {
  try {
    return await missions.status(tenant, id)
  } catch (error) {
    if (error instanceof AppError && error.code === 'NOT_FOUND') return undefined
    throw error
  }
}
