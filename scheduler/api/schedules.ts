import { z } from 'zod'
import { AppError } from '../../models/errors.ts'
import type { ApiDeps } from './deps.ts'
import { problemResponses } from './problems.ts'
import type { Api } from './types.ts'
import { tickView, viewTick } from './views.ts'

const instant = z.iso.datetime({ offset: true })
const dayMs = 86_400_000

/** /api/v1/schedules */
export function scheduleRoutes(app: Api, { ticks, missions, now }: ApiDeps): void {
  app.get('/schedules/:id/ticks', {
    schema: {
      ...{ tags: ['schedules'], summary: 'What became of every due instant (kept for two days)' },
      params: z.object({
        id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}\.(forecast|detect)$/, {
          error: 'write <mission>.forecast or <mission>.detect',
        }),
      }),
      querystring: z.strictObject({
        from: instant.optional().describe('Excluded; default: a day before `to`'),
        to: instant.optional().describe('Included; default: now'),
      }),
      response: { 200: z.object({ ticks: z.array(tickView) }).meta({ id: 'Ticks' }), ...problemResponses },
    },
    handler: async ({ params: { id }, query, caller: { tenant } }) => {
      const untilMs = query.to === undefined ? now() : Date.parse(query.to)
      const fromMs = query.from === undefined ? untilMs - dayMs : Date.parse(query.from)
      if (fromMs >= untilMs) throw new AppError('INVALID_PARAMS', `from must lie before to: ${query.from}`)
      await missions.get(tenant, id.slice(0, id.lastIndexOf('.')))
      return { ticks: (await ticks.list({ tenant, id }, { fromMs, untilMs })).map(viewTick) }
    },
  })
}
