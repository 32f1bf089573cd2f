import { AppError } from '../../../models/errors.ts'
import { scheduleDocument } from '../../schedules/document.ts'
import { apiClient, apiOptions } from '../api-client.ts'
import { applyDocuments, applyOptions, readWritten, sendEach } from '../apply.ts'
import { defineCommand } from '../command.ts'
import { forEach } from '../for-each.ts'
import { pauseBody, pauseOptions } from '../pause-options.ts'
import { triggeredRun, waitOptions, waitTimeoutMs } from '../run-show.ts'
import { schedulePath } from './schedule-get.ts'

const ids = { name: 'ID...', min: 1, max: 1_000 }

export const scheduleApply = defineCommand({
  name: 'schedule apply',
  summary: 'Create or update schedules that no mission has, from documents.',
  details:
    'A document says when (every, cron or at) and which flow with which parameters; the API lists flows at /flows.\nApplying the same again changes nothing.',
  options: applyOptions,
  examples: [
    ['anomaly-times schedule apply -f schedules/', 'everything in a folder'],
    [`echo '{id: probe, flow: noop, spec: {every: 1m}}' | anomaly-times schedule apply -f -`, 'one from a pipe'],
  ],
  async run({ values }, io) {
    const written = await readWritten('schedule', values, io)
    const send = values.check ? undefined : sendEach(apiClient(values, io.environment), '/schedules')
    const kind = { noun: 'schedule', schema: scheduleDocument, batch: 8, send } as const
    return applyDocuments(kind, written, { json: values.json, io })
  },
})

export const scheduleDelete = defineCommand({
  name: 'schedule delete',
  summary: 'Delete schedules that no mission has. Runs under way go on.',
  positionals: ids,
  options: apiOptions,
  examples: [['anomaly-times schedule delete probe', 'one of them']],
  run: ({ values, positionals }, io) =>
    forEach(positionals, apiClient(values, io.environment), io, async (client, id) => {
      await client.call({ method: 'DELETE', path: schedulePath(id) })
      return 'deleted'
    }),
})

export const schedulePause = defineCommand({
  name: 'schedule pause',
  summary: 'Pause schedules: their ticks end as paused.',
  positionals: ids,
  options: {
    ...pauseOptions,
    ...apiOptions,
  },
  examples: [['anomaly-times schedule pause probe --reason migration --for 2h', 'until the work is done']],
  run({ values, positionals }, io) {
    const body = pauseBody(values)
    return forEach(positionals, apiClient(values, io.environment), io, async (client, id) => {
      await client.call({ method: 'POST', path: `${schedulePath(id)}/pause`, body })
      return body.until ? `paused until ${body.until}` : 'paused'
    })
  },
})

export const scheduleResume = defineCommand({
  name: 'schedule resume',
  summary: 'Resume paused schedules.',
  positionals: ids,
  options: apiOptions,
  examples: [['anomaly-times schedule resume probe', 'it goes on at its next T']],
  run: ({ values, positionals }, io) =>
    forEach(positionals, apiClient(values, io.environment), io, async (client, id) => {
      await client.call({ method: 'POST', path: `${schedulePath(id)}/resume` })
      return 'resumed'
    }),
})

export const scheduleTrigger = defineCommand({
  name: 'schedule trigger',
  summary: 'Ask the workers for one run now, beside the schedule.',
  positionals: ids,
  options: {
    nominal: { type: 'string', value: 'INSTANT', help: 'T; default now. The same T twice is one run' },
    params: { type: 'string', value: 'JSON', help: 'parameters of the flow in place of its own' },
    ...waitOptions,
    ...apiOptions,
  },
  examples: [['anomaly-times schedule trigger probe --wait', 'one run, and how it ended']],
  run({ values, positionals }, io) {
    const { nominal, params } = values
    const timeoutMs = waitTimeoutMs('schedule trigger', values)
    const body = {
      ...(nominal !== undefined && { nominal }),
      ...(params !== undefined && { params: parseParams(params) }),
    }
    return forEach(positionals, apiClient(values, io.environment), io, async (client, id) => {
      const answer = await client.call({ method: 'POST', path: `${schedulePath(id)}/trigger`, body })
      return triggeredRun(client, answer, timeoutMs)
    })
  },
})

function parseParams(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new AppError('INVALID_PARAMS', `--params is no JSON: ${(error as Error).message}`, { cause: error })
  }
}
