import { z } from 'zod'
import { backfillBody } from '../backfills/document.ts'
import type { Backfill } from '../backfills/types.ts'
import { missionId } from '../missions/document/document.ts'
import { backfillView, sizeView, viewBackfill, viewSize, viewWhole } from './backfill-views.ts'
import type { ApiDeps } from './deps.ts'
import { tellOutcome } from './outcome.ts'
import { listQuery, nextLink } from './paging.ts'
import { problemResponses } from './problems.ts'
import type { Api } from './types.ts'

const tags = ['backfills']
const params = z.object({ id: missionId })
const whole = { 200: backfillView, ...problemResponses }

/** /api/v1/backfills */
export function backfillRoutes(app: Api, deps: ApiDeps): void {
  for (const route of [createRoute, listRoute, readRoute, verbRoutes, deleteRoute]) route(app, deps)
}

function createRoute(app: Api, { backfills, now }: ApiDeps): void {
  app.post('/backfills', {
    schema: {
      ...{ tags, summary: 'Run missions over a past range', body: backfillBody },
      description:
        'Only what the store lacks is written; what is published stays as it is. Runs wait behind everything else in the queue. The same id with the same document again changes nothing; with another document it is a CONFLICT.',
      response: { 200: createdView.or(dryRunView), 201: createdView, ...problemResponses },
    },
    handler: async (request, reply) => {
      const {
        body: { dryRun, ...document },
        caller: { tenant, name },
      } = request
      const asked = { tenant, document, actor: name }
      if (dryRun) {
        request.changed = []
        return { dryRun: viewSize(await backfills.measure(asked)) }
      }
      const { backfill, outcome } = await backfills.create(asked)
      tellOutcome(request, reply, { outcome, path: `/backfills/${backfill.id}` })
      return { ...viewWhole(backfill, now()), outcome }
    },
  })
}

function listRoute(app: Api, { backfills, now }: ApiDeps): void {
  app.get('/backfills', {
    schema: {
      ...{ tags, summary: 'Backfills, newest first', querystring: listQuery },
      response: { 200: pageView, ...problemResponses },
    },
    handler: async (request, reply) => {
      const page = await backfills.list(request.caller.tenant, request.query)
      nextLink(request, reply, page.cursor)
      const nowMs = now()
      return {
        backfills: page.backfills.map((backfill) => viewBackfill(backfill, nowMs)),
        ...(page.cursor !== undefined && { cursor: page.cursor }),
      }
    },
  })
}

function readRoute(app: Api, { backfills, now }: ApiDeps): void {
  app.get('/backfills/:id', {
    schema: { ...{ tags, summary: 'A backfill with its progress by mission', params }, response: whole },
    handler: async ({ params: { id }, caller: { tenant } }) => viewWhole(await backfills.get({ tenant, id }), now()),
  })
}

function verbRoutes(app: Api, { backfills, now }: ApiDeps): void {
  const view = (backfill: Backfill) => viewWhole(backfill, now())
  const reason = z.strictObject({ reason: z.string().max(500).default('') }).nullish()

  app.post('/backfills/:id/pause', {
    schema: {
      ...{ tags, summary: 'Hand out no more runs until it is resumed', params, body: reason },
      response: whole,
    },
    handler: async ({ params: { id }, body, caller: { tenant, name } }) =>
      view(await backfills.pause({ tenant, id }, { reason: body?.reason ?? '', actor: name })),
  })

  app.post('/backfills/:id/resume', {
    schema: { ...{ tags, summary: 'Go on where it was paused', params }, response: whole },
    handler: async ({ params: { id }, caller: { tenant } }) => view(await backfills.resume({ tenant, id })),
  })

  app.post('/backfills/:id/cancel', {
    schema: { ...{ tags, summary: 'End it; runs in the queue are the last ones', params }, response: whole },
    handler: async ({ params: { id }, caller: { tenant } }) => view(await backfills.cancel({ tenant, id })),
  })
}

function deleteRoute(app: Api, { backfills }: ApiDeps): void {
  app.delete('/backfills/:id', {
    schema: {
      ...{ tags, summary: 'Forget a backfill that is over; what it wrote stays', params },
      response: { 204: z.undefined(), ...problemResponses },
    },
    handler: async ({ params: { id }, caller: { tenant } }, reply) => {
      await backfills.remove({ tenant, id })
      return reply.code(204).send()
    },
  })
}

const createdView = backfillView.extend({ outcome: z.enum(['created', 'unchanged']) }).meta({ id: 'CreatedBackfill' })
const dryRunView = z.object({ dryRun: sizeView }).meta({ id: 'BackfillDryRun' })
const pageView = z
  .object({ backfills: z.array(backfillView), cursor: z.string().optional() })
  .meta({ id: 'BackfillPage' })
