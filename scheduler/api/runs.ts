import { z } from 'zod'
import { missionId } from '../missions/document/document.ts'
import { ownerOf } from '../runs/known-runs.ts'
import { ownScheduleId } from '../schedules/document.ts'
import type { ApiDeps } from './deps.ts'
import { assertRange, givenInstant } from './instant-range.ts'
import { listQuery, nextLink } from './paging.ts'
import { problemResponses } from './problems.ts'
import { runState, runView, viewRun } from './run-views.ts'
import type { Api } from './types.ts'
import { flowName } from './views.ts'

const tags = ['runs']
const pageView = z.object({ runs: z.array(runView), cursor: z.string().optional() }).meta({ id: 'RunPage' })
export const runParams = z.object({ runId: z.string().max(300) })

/** /api/v1/runs. Plain detect runs leave no record to list; one by one they are known by their ticks. */
export function runRoutes(app: Api, { runs, runService }: ApiDeps): void {
  app.get('/runs', {
    schema: {
      ...{ tags, summary: 'Forecast, triggered, slow and failed runs, newest start first' },
      querystring: listQuery.extend({
        mission: missionId.exactOptional(),
        schedule: ownScheduleId.exactOptional().describe('Also `<mission>.forecast` and `<mission>.detect`'),
        flow: flowName.exactOptional(),
        state: runState.exactOptional(),
        from: givenInstant.exactOptional().describe('Started after it'),
        to: givenInstant.exactOptional().describe('Started at or before it'),
      }),
      response: { 200: pageView, ...problemResponses },
    },
    handler: async (request, reply) => {
      const { caller, query } = request
      const { schedule, from, to, ...filter } = query
      const fromMs = from === undefined ? undefined : Date.parse(from)
      const toMs = to === undefined ? undefined : Date.parse(to)
      assertRange(fromMs ?? Number.NEGATIVE_INFINITY, toMs ?? Number.POSITIVE_INFINITY)
      const page = await runs.list(caller.tenant, {
        ...filter,
        ...(schedule !== undefined && whose(schedule)),
        ...(fromMs !== undefined && { fromMs }),
        ...(toMs !== undefined && { toMs }),
      })
      nextLink(request, reply, page.cursor)
      return {
        runs: page.runs.map((run) => viewRun(run, caller)),
        ...(page.cursor !== undefined && { cursor: page.cursor }),
      }
    },
  })

  app.get('/runs/:runId', {
    schema: {
      ...{ tags, summary: 'One run, with its attempts', params: runParams },
      description:
        'Also of a run that waits for a worker, and of a plain detect run, which is known by its tick alone: when it began, and that it succeeded.',
      response: { 200: runView, ...problemResponses },
    },
    handler: async ({ params: { runId }, caller }) =>
      viewRun(await runService.get({ tenant: caller.tenant, runId }), caller),
  })
}

/** Runs of missions are found by mission and flow. */
export function whose(schedule: string) {
  const { mission, flow } = ownerOf(schedule)
  return mission === '' ? { scheduleId: schedule } : { mission, flow }
}
