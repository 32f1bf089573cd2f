import { z } from 'zod'
import { AppError } from '../../models/errors.ts'
import type { HeldPlace } from '../store/limit-store.ts'
import { type Caller, isOperator } from './auth/caller.ts'
import type { ApiDeps } from './deps.ts'
import { problemResponses } from './problems.ts'
import type { Api } from './types.ts'
import { instant, toInstant } from './views.ts'

const tags = ['limits']
const name = z.string().max(200).describe('As flow:forecast, tenant:red, datasource:main')

/** /api/v1/limits: they are of all tenants, so their use is the operator's. */
export function limitRoutes(app: Api, { limits }: ApiDeps): void {
  app.get('/limits', {
    schema: {
      ...{ tags, summary: 'Limits of the runs at work, and how many places are taken (default tenant only)' },
      response: { 200: listView, ...problemResponses },
    },
    handler: async ({ caller }) => {
      assertOperator(caller)
      return { limits: await limits.list() }
    },
  })

  app.get('/limits/:name/holders', {
    schema: {
      ...{ tags, summary: 'Runs that hold a place of a limit (default tenant only)', params: z.object({ name }) },
      response: { 200: holdersView, ...problemResponses },
    },
    handler: async ({ params, caller }) => {
      assertOperator(caller)
      return { holders: (await limits.holders(params.name)).map(viewHolder) }
    },
  })

  app.delete('/limits/:name/holders/:token', {
    schema: {
      ...{ tags, summary: 'Take the place of a run away (default tenant only)' },
      description:
        'For one whose worker is gone and whose lease is too long to wait for. A run that is at work goes on beside the limit: cancel it to end it.',
      params: z.object({ name, token: z.string().describe('Run id') }),
      response: { 204: z.undefined(), ...problemResponses },
    },
    handler: async ({ params, caller }, reply) => {
      assertOperator(caller)
      await limits.release({ ...params, actor: caller.name })
      return reply.code(204).send()
    },
  })
}

function assertOperator(caller: Caller): void {
  if (!isOperator(caller)) throw new AppError('FORBIDDEN', 'limits tell of the runs of other tenants')
}

const limitView = z.object({ name: z.string(), most: z.int(), inUse: z.int() }).meta({ id: 'Limit' })
const listView = z.object({ limits: z.array(limitView) }).meta({ id: 'Limits' })
const holderView = z
  .object({
    runId: z.string(),
    since: instant.optional().describe('Absent where nobody knows any more'),
    worker: z.string().optional(),
    leaseLeftSeconds: z.number().describe('Until its place is free, unless its worker renews it'),
  })
  .meta({ id: 'LimitHolder' })
const holdersView = z.object({ holders: z.array(holderView) }).meta({ id: 'LimitHolders' })

function viewHolder({ token, sinceMs, worker, leaseLeftMs }: HeldPlace): z.output<typeof holderView> {
  return {
    runId: token,
    ...(sinceMs !== undefined && { since: toInstant(sinceMs) }),
    ...(worker !== undefined && { worker }),
    leaseLeftSeconds: leaseLeftMs / 1_000,
  }
}
