import { z } from 'zod'
import type { ApiDeps } from './deps.ts'
import { problemResponses } from './problems.ts'
import { logLineView, runView, viewLogLine, viewRun } from './run-views.ts'
import { runParams as params } from './runs.ts'
import type { Api } from './types.ts'

const tags = ['runs']

/** /api/v1/runs/ID/VERB */
export function runVerbRoutes(app: Api, { runService }: ApiDeps): void {
  app.get('/runs/:runId/logs', {
    schema: {
      ...{ tags, summary: 'The last lines that its workers logged about a run, oldest first', params },
      description: 'At most 100, kept as long as its record. A plain detect run has none.',
      response: { 200: z.object({ lines: z.array(logLineView) }).meta({ id: 'RunLog' }), ...problemResponses },
    },
    handler: async ({ params: { runId }, caller: { tenant } }) => ({
      lines: (await runService.logs({ tenant, runId })).map(viewLogLine),
    }),
  })

  app.post('/runs/:runId/cancel', {
    schema: {
      ...{ tags, summary: 'End a run, wherever it is', params },
      description:
        'One that waits is taken from its queue: its tick ends as missed, reason cancelled. One at work is ended by its worker; the answer says how it ended, or `cancelling` when the worker has not confirmed within 10 s. Nothing is half-written, and no other attempt follows.',
      body: z.strictObject({ reason: z.string().max(500).default('').describe('For whoever wonders') }).nullish(),
      response: { 200: runView, ...problemResponses },
    },
    handler: async ({ params: { runId }, body, caller }) => {
      const request = { tenant: caller.tenant, runId, actor: caller.name, reason: body?.reason ?? '' }
      return viewRun(await runService.cancel(request), caller)
    },
  })

  app.post('/runs/:runId/retry', {
    schema: {
      ...{ tags, summary: 'Another attempt of a run that failed, was lost or cancelled', params },
      description:
        'The same run with the same T, beside its schedule: it waits for no other run, and its tick stays what it was.',
      response: { 202: runView, ...problemResponses },
    },
    handler: async ({ params: { runId }, caller }, reply) =>
      reply.code(202).send(viewRun(await runService.retry({ tenant: caller.tenant, runId }), caller)),
  })
}
