import { z } from 'zod'
import { labelsOf } from '../store/ticks/stored-schedule.ts'
import { triggerWarnings, warningsView } from './calendar-views.ts'
import type { ApiDeps } from './deps.ts'
import { givenInstant } from './instant-range.ts'
import { pauseBody, readPause } from './pause-body.ts'
import { problemResponses } from './problems.ts'
import { scheduleView, viewSchedule } from './schedule-views.ts'
import { scheduleParams as params } from './schedules.ts'
import type { Api } from './types.ts'

const tags = ['schedules']

/** /api/v1/schedules/ID/VERB */
export function scheduleVerbRoutes(app: Api, { schedules, calendars, now }: ApiDeps): void {
  app.post('/schedules/:id/pause', {
    schema: {
      ...{ tags, summary: 'Pause a schedule of its own: ticks meanwhile end as paused', params, body: pauseBody },
      response: { 200: scheduleView, ...problemResponses },
    },
    handler: async ({ params: { id }, body, caller: { tenant, name } }) => {
      const pause = { ...readPause(body, now()), actor: name }
      return viewSchedule(await schedules.pause({ tenant, id }, pause), now())
    },
  })

  app.post('/schedules/:id/resume', {
    schema: {
      ...{ tags, summary: 'Resume a paused schedule: its next T runs', params },
      response: { 200: scheduleView, ...problemResponses },
    },
    handler: async ({ params: { id }, caller: { tenant } }) =>
      viewSchedule(await schedules.resume({ tenant, id }), now()),
  })

  app.post('/schedules/:id/trigger', {
    schema: {
      ...{ tags, summary: 'One run now, beside the schedule', params },
      description: 'The same T twice is one run.',
      body: z
        .strictObject({
          nominal: givenInstant.optional().describe('T; default: now'),
          params: z.record(z.string(), z.unknown()).optional().describe('In place of its own'),
        })
        .nullish(),
      response: { 202: z.object({ runId: z.string(), warnings: warningsView.optional() }), ...problemResponses },
    },
    handler: async ({ params: { id }, body, caller: { tenant } }, reply) => {
      const options = {
        ...(body?.nominal !== undefined && { nominalMs: Date.parse(body.nominal) }),
        ...(body?.params && { params: body.params }),
      }
      // after it nothing may fail: whoever asked again would get a second run
      const effectsAt = await calendars.effects(tenant, labelsOf(await schedules.get({ tenant, id })))
      const warnings = triggerWarnings(effectsAt(now()))
      const runId = await schedules.trigger({ tenant, id }, options)
      return reply
        .code(202)
        .header('location', `/api/v1/runs/${runId}`)
        .send({ runId, ...warnings })
    },
  })
}
