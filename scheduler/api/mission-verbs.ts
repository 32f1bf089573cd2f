import { z } from 'zod'
import { missionId } from '../missions/document/document.ts'
import { triggerWarnings, warningsView } from './calendar-views.ts'
import type { ApiDeps } from './deps.ts'
import { tagged } from './etag.ts'
import { pauseBody, readPause } from './pause-body.ts'
import { problemResponses } from './problems.ts'
import type { Api } from './types.ts'
import { flowName, missionView } from './views.ts'

const params = z.object({ id: missionId })
const tags = ['missions']

/** /api/v1/missions/ID/VERB */
export function missionVerbRoutes(app: Api, { missions, calendars, now }: ApiDeps): void {
  app.post('/missions/:id/pause', {
    schema: {
      ...{ tags, summary: 'Pause both schedules of a mission', params },
      body: pauseBody,
      response: { 200: missionView, ...problemResponses },
    },
    handler: async ({ params: { id }, body, caller }, reply) => {
      const pause = { ...readPause(body, now()), actor: caller.name }
      return tagged(reply, await missions.pause(caller.tenant, id, pause))
    },
  })

  app.post('/missions/:id/resume', {
    schema: {
      ...{ tags, summary: 'Resume a paused mission', params },
      response: { 200: missionView, ...problemResponses },
    },
    handler: async ({ params: { id }, caller }, reply) =>
      tagged(reply, await missions.resume(caller.tenant, id, caller.name)),
  })

  app.post('/missions/:id/trigger', {
    schema: {
      ...{ tags, summary: 'One run now, beside the schedule', params },
      body: z.strictObject({
        flow: flowName,
        recompute: z.boolean().default(false).describe('Forecast again though a forecast is kept'),
      }),
      response: { 202: z.object({ runId: z.string(), warnings: warningsView.optional() }), ...problemResponses },
    },
    handler: async ({ params: { id }, body, caller }, reply) => {
      const { document } = await missions.get(caller.tenant, id)
      // after it nothing may fail: whoever asked again would get a second run
      const warnings = triggerWarnings((await calendars.effects(caller.tenant, document.labels))(now()))
      const runId = await missions.trigger(caller.tenant, id, body.flow, { recompute: body.recompute })
      return reply
        .code(202)
        .header('location', `/api/v1/runs/${runId}`)
        .send({ runId, ...warnings })
    },
  })
}
