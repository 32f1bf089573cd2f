import { z } from 'zod'
import { type ApiClient, apiClient, apiOptions } from '../api-client.ts'
import { defineCommand } from '../command.ts'
import { forEach } from '../for-each.ts'
import { backfillPath } from './follow-backfill.ts'

const ids = { name: 'ID...', min: 1, max: 1_000 }
const changed = z.looseObject({ state: z.string() })

/** Asks for it, and tells the state that it led to. */
const change = (verb: 'pause' | 'resume' | 'cancel', body?: object) => async (client: ApiClient, id: string) =>
  changed.parse(await client.call({ method: 'POST', path: `${backfillPath(id)}/${verb}`, body })).state

export const backfillPause = defineCommand({
  name: 'backfill pause',
  summary: 'Hand out no more runs until it is resumed. Those in the queue end by themselves.',
  positionals: ids,
  options: { reason: { type: 'string', value: 'TEXT', help: 'why, for whoever wonders' }, ...apiOptions },
  examples: [['anomaly-times backfill pause outage --reason release', 'until backfill resume']],
  run: ({ values, positionals }, io) =>
    forEach(
      positionals,
      apiClient(values, io.environment),
      io,
      change('pause', values.reason === undefined ? {} : { reason: values.reason }),
    ),
})

export const backfillResume = defineCommand({
  name: 'backfill resume',
  summary: 'Go on where a backfill was paused, by somebody or after ten failures in a row.',
  positionals: ids,
  options: apiOptions,
  examples: [['anomaly-times backfill resume outage', 'failed T stay failed: another backfill takes them']],
  run: ({ values, positionals }, io) => forEach(positionals, apiClient(values, io.environment), io, change('resume')),
})

export const backfillCancel = defineCommand({
  name: 'backfill cancel',
  summary: 'End backfills. What is written stays, runs in the queue are the last ones.',
  positionals: ids,
  options: apiOptions,
  examples: [['anomaly-times backfill cancel outage', 'cancelling, then cancelled']],
  run: ({ values, positionals }, io) => forEach(positionals, apiClient(values, io.environment), io, change('cancel')),
})

export const backfillDelete = defineCommand({
  name: 'backfill delete',
  summary: 'Forget backfills that are over. What they wrote stays.',
  positionals: ids,
  options: apiOptions,
  examples: [['anomaly-times backfill delete outage', 'its id is free again']],
  run: ({ values, positionals }, io) =>
    forEach(positionals, apiClient(values, io.environment), io, async (client, id) => {
      await client.call({ method: 'DELETE', path: backfillPath(id) })
      return 'deleted'
    }),
})
