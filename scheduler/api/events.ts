import { Readable } from 'node:stream'
import { z } from 'zod'
import { missionId } from '../missions/document/document.ts'
import { ownScheduleId } from '../schedules/document.ts'
import type { ApiDeps } from './deps.ts'
import { eventLines } from './event-lines.ts'
import { problemResponses } from './problems.ts'
import type { Api } from './types.ts'

const eventText = {
  description:
    '`event: run` when a run changes its state, `event: tick` when a tick ends otherwise than as a run on time, `event: gap` where events that were asked for are not kept any more.',
  content: { 'text/event-stream': { schema: z.unknown() } },
}

/** /api/v1/events. */
export function eventRoutes(app: Api, { events, logger }: ApiDeps): void {
  const closing = new AbortController()
  // streams would keep the server open
  app.addHook('preClose', async () => closing.abort())

  app.get('/events', {
    schema: {
      ...{ tags: ['runs'], summary: 'What changes, as server-sent events' },
      description:
        'Plain detect runs leave no events. `Last-Event-ID` goes on after that event; without it, only what comes from now on is sent. The last 10,000 events of a tenant are kept.',
      querystring: z.strictObject({
        schedule: ownScheduleId.exactOptional(),
        mission: missionId.exactOptional(),
      }),
      headers: z.looseObject({
        'last-event-id': z
          .string()
          .regex(/^\d{1,15}-\d{1,15}$/, 'no id of an event')
          .exactOptional(),
      }),
      response: { 200: eventText, ...problemResponses },
    },
    handler: async ({ caller: { tenant }, query, headers }, reply) => {
      const after = headers['last-event-id'] ?? (await events.lastId(tenant))
      const onError = (err: Error) => logger.error({ err, tenant }, 'events cannot be read')
      const lines = eventLines({ events, tenant, after, filter: query, signal: closing.signal, onError })
      return reply
        .headers({
          ...{ 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' },
          // nginx and its kin would hold the lines back
          'x-accel-buffering': 'no',
          // measured: kept alive, it held up the end of the process for 72 s
          connection: 'close',
        })
        .send(Readable.from(lines, { objectMode: false, highWaterMark: 16_384 }))
    },
  })
}
