import { calendarDocument } from '../../calendars/document.ts'
import { apiClient, apiOptions } from '../api-client.ts'
import { applyDocuments, applyOptions, readWritten, sendEach } from '../apply.ts'
import { defineCommand } from '../command.ts'
import { forEach } from '../for-each.ts'
import { calendarPath } from './calendar-get.ts'

export const calendarApply = defineCommand({
  name: 'calendar apply',
  summary: 'Create or update calendars from documents.',
  details:
    'A document says for which labels (selector), what happens (effect: noRun, noAlert or mask) and when (windows, or ical:\n{file: PATH}). It is in force at the next due instant. Applying the same again changes nothing.',
  options: applyOptions,
  examples: [
    ['anomaly-times calendar apply -f calendars/', 'everything in a folder'],
    [
      `echo '{id: nightly, selector: team=sre, effect: noAlert, windows: [{cron: 0 2 * * *, duration: 2h}]}' | anomaly-times calendar apply -f -`,
      'one from a pipe',
    ],
  ],
  async run({ values }, io) {
    const written = await readWritten('calendar', values, io)
    const send = values.check ? undefined : sendEach(apiClient(values, io.environment), '/calendars')
    const kind = { noun: 'calendar', schema: calendarDocument, batch: 8, send } as const
    return applyDocuments(kind, written, { json: values.json, io })
  },
})

export const calendarDelete = defineCommand({
  name: 'calendar delete',
  summary: 'Delete calendars. What they took stays as it is.',
  positionals: { name: 'ID...', min: 1, max: 1_000 },
  options: apiOptions,
  examples: [['anomaly-times calendar delete nightly', 'one of them']],
  run: ({ values, positionals }, io) =>
    forEach(positionals, apiClient(values, io.environment), io, async (client, id) => {
      await client.call({ method: 'DELETE', path: calendarPath(id) })
      return 'deleted'
    }),
})
