import { apiClient, apiOptions } from './api-client.ts'
import { defineCommand } from './command.ts'
import { forEach } from './for-each.ts'
import { outcomeOf, parseRun, type Run, runPath, waitForRun, waitOptions, waitTimeoutMs } from './run-show.ts'

const runs = { name: 'RUN...', min: 1, max: 1_000 }
const json = { type: 'boolean', help: 'each run as the API has it, one line of JSON for each' } as const

export const runCancel = defineCommand({
  name: 'run cancel',
  summary: 'End runs, whether they wait or are at work.',
  details:
    'A run that waits is taken from its queue, and its tick ends as missed (cancelled). One at work is ended by its worker:\nthis waits up to 10 s for the word of it. Nothing is half-written; run retry starts it again.',
  positionals: runs,
  options: { reason: { type: 'string', value: 'TEXT', help: 'why, for whoever wonders' }, json, ...apiOptions },
  examples: [
    ['anomaly-times run cancel r.default.cpu.forecast.1790000000000 --reason "wrong model"', 'one run'],
    [
      "anomaly-times run list --state active --json | jq -r '.[].runId' | xargs anomaly-times run cancel",
      'all at work',
    ],
  ],
  run({ values, positionals }, io) {
    const body = values.reason === undefined ? undefined : { reason: values.reason }
    return forEach(positionals, apiClient(values, io.environment), io, async (client, runId) => {
      const run = parseRun(await client.call({ method: 'POST', path: `${runPath(runId)}/cancel`, body }))
      if (values.json) return { json: JSON.stringify(run) }
      if (run.state === 'cancelled') return 'cancelled'
      if (run.state === 'cancelling') return { failure: 'its worker has not ended it yet: see run get' }
      return { failure: `it ended before: ${outcomeOf(run)}` }
    })
  },
})

export const runRetry = defineCommand({
  name: 'run retry',
  summary: 'Another attempt of runs that failed, were lost or cancelled.',
  details:
    'The same run for the same T, beside its schedule: it waits for no other run, and its tick stays what it was. What it\nwrote before, it writes once more with the same values.',
  positionals: runs,
  options: {
    ...waitOptions,
    json,
    ...apiOptions,
  },
  examples: [
    ['anomaly-times run retry r.default.cpu.forecast.1790000000000 --wait', 'one run, and how it ended'],
    [
      "anomaly-times run list --state failed --json | jq -r '.[].runId' | xargs anomaly-times run retry",
      'all that failed',
    ],
  ],
  run({ values, positionals }, io) {
    const timeoutMs = waitTimeoutMs('run retry', values)
    return forEach(positionals, apiClient(values, io.environment), io, async (client, runId) => {
      const run = parseRun(await client.call({ method: 'POST', path: `${runPath(runId)}/retry` }))
      if (timeoutMs !== undefined) return waitForRun(client, runId, timeoutMs)
      return values.json ? { json: JSON.stringify(run) } : `waits for a worker, after ${attemptsText(run)}`
    })
  },
})

const attemptsText = ({ attempt }: Run): string => (attempt === 1 ? '1 attempt' : `${attempt} attempts`)
