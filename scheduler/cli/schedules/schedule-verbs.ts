import { z } from 'zod'
import { parseDuration } from '../../../models/duration.ts'
import { AppError } from '../../../models/errors.ts'
import { scheduleDocument } from '../../schedules/document.ts'
import { apiClient, apiOptions } from '../api-client.ts'
import { applyDocuments, applyOptions } from '../apply.ts'
import { defineCommand, usageError } from '../command.ts'
import { forEach } from '../for-each.ts'
import { waitForRun } from '../run-show.ts'
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
  run: ({ values }, io) =>
    applyDocuments({ noun: 'schedule', schema: scheduleDocument, path: '/schedules' }, values, io),
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
    reason: { type: 'string', value: 'TEXT', help: 'why, for whoever wonders' },
    for: { type: 'string', value: 'DURATION', help: 'resume by itself after this long' },
    ...apiOptions,
  },
  examples: [['anomaly-times schedule pause probe --reason migration --for 2h', 'until the work is done']],
  run({ values, positionals }, io) {
    const until = values.for && new Date(Date.now() + parseDuration(values.for)).toISOString()
    const body = { ...(values.reason !== undefined && { reason: values.reason }), ...(until && { until }) }
    return forEach(positionals, apiClient(values, io.environment), io, async (client, id) => {
      await client.call({ method: 'POST', path: `${schedulePath(id)}/pause`, body })
      return until ? `paused until ${until}` : 'paused'
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
    wait: { type: 'boolean', help: 'until the run has ended; the exit code is 1 when it failed' },
    timeout: { type: 'string', value: 'DURATION', help: 'how long to wait at most; default 5m' },
    ...apiOptions,
  },
  examples: [['anomaly-times schedule trigger probe --wait', 'one run, and how it ended']],
  run({ values, positionals }, io) {
    const { nominal, params } = values
    if (values.timeout !== undefined && !values.wait) throw usageError('schedule trigger', '--timeout goes with --wait')
    const timeoutMs = values.wait ? parseDuration(values.timeout ?? '5m') : undefined
    const body = {
      ...(nominal !== undefined && { nominal }),
      ...(params !== undefined && { params: parseParams(params) }),
    }
    return forEach(positionals, apiClient(values, io.environment), io, async (client, id) => {
      const answer = await client.call({ method: 'POST', path: `${schedulePath(id)}/trigger`, body })
      const { runId } = z.object({ runId: z.string() }).parse(answer)
      return timeoutMs === undefined ? `run ${runId}` : waitForRun(client, runId, timeoutMs)
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
