import { z } from 'zod'
import { AppError } from '../../models/errors.ts'
import { missionId } from '../missions/document/document.ts'
import type { ApiDeps } from './deps.ts'
import { listQuery, nextLink } from './paging.ts'
import { problemResponses } from './problems.ts'
import type { Api } from './types.ts'
import { flowName, runState, runView, viewRun } from './views.ts'

const tags = ['runs']
const pageView = z.object({ runs: z.array(runView), cursor: z.string().optional() }).meta({ id: 'RunPage' })

/** /api/v1/runs. Plain detect runs leave no record, their tick says how they ended. */
export function runRoutes(app: Api, { runs }: ApiDeps): void {
  app.get('/runs', {
    schema: {
      ...{ tags, summary: 'Forecast, triggered, slow and failed runs, newest first' },
      querystring: listQuery.extend({
        mission: missionId.exactOptional(),
        flow: flowName.exactOptional(),
        state: runState.exactOptional(),
      }),
      response: { 200: pageView, ...problemResponses },
    },
    handler: async (request, reply) => {
      const { caller, query } = request
      const page = await runs.list(caller.tenant, query)
      nextLink(request, reply, page.cursor)
      return {
        runs: page.runs.map((run) => viewRun(run, caller)),
        ...(page.cursor !== undefined && { cursor: page.cursor }),
      }
    },
  })

  app.get('/runs/:runId', {
    schema: {
      ...{ tags, summary: 'One run', params: z.object({ runId: z.string().max(300) }) },
      response: { 200: runView, ...problemResponses },
    },
    handler: async ({ params: { runId }, caller }) => {
      const run = await runs.get(caller.tenant, runId)
      if (!run) throw new AppError('NOT_FOUND', `no record of a run "${runId}"`)
      return viewRun(run, caller)
    },
  })
}
