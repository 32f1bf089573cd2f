import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { toAppError } from '../../models/errors.ts'
import type { runView } from '../api/views.ts'
import { type ApiClient, apiClient, apiOptions } from './api-client.ts'
import { defineCommand } from './command.ts'
import type { Failure } from './for-each.ts'

type Run = z.output<typeof runView>

const pollMs = 500
const finalStates: readonly string[] = ['succeeded', 'failed', 'lost']
// a newer server may know more fields and states than this client
const anyRun = z.custom<Run>(
  (value) => z.looseObject({ runId: z.string(), state: z.string() }).safeParse(value).success,
)

export const runShow = defineCommand({
  name: 'run show',
  summary: 'Show a run of the workers: how it ended, what it did.',
  details:
    'The id is what mission trigger prints. A run that waits for a worker is not known yet; detect runs of the schedule\nleave no record unless they were slow or failed. The exit code is 1 for a run that failed.',
  positionals: { name: 'RUN', min: 1, max: 1 },
  options: { json: { type: 'boolean', help: 'as the API has it' }, ...apiOptions },
  examples: [['anomaly-times run show f.default.cpu.1790000000000', 'one run']],
  async run({ values, positionals: [runId = ''] }, io) {
    const run = anyRun.parse(await apiClient(values, io.environment).call({ path: runPath(runId) }))
    io.out(values.json ? JSON.stringify(run, undefined, 2) : describeRunRecord(run))
    return isFailed(run) ? 1 : 0
  },
})

/** Resolves once the run has ended; undefined when it has not within `timeoutMs`. */
export async function awaitRun(client: ApiClient, runId: string, timeoutMs: number): Promise<Run | undefined> {
  const untilMs = Date.now() + timeoutMs
  for (;;) {
    const run = await findRun(client, runId)
    if (run && finalStates.includes(run.state)) return run
    if (Date.now() + pollMs > untilMs) return undefined
    await sleep(pollMs)
  }
}

/** How it ended, in one line. */
export async function waitForRun(client: ApiClient, runId: string, timeoutMs: number): Promise<string | Failure> {
  const run = await awaitRun(client, runId, timeoutMs)
  if (!run) return { failure: `run ${runId} has not ended yet: see anomaly-times run show ${runId}` }
  const text = `run ${runId} ${outcomeOf(run)}`
  return isFailed(run) ? { failure: text } : text
}

/** undefined while no worker has taken it. */
async function findRun(client: ApiClient, runId: string): Promise<Run | undefined> {
  try {
    return anyRun.parse(await client.call({ path: runPath(runId) }))
  } catch (error) {
    if (toAppError(error).code === 'NOT_FOUND') return undefined
    throw error
  }
}

export const isFailed = ({ state }: Run): boolean => state === 'failed' || state === 'lost'

/** `succeeded after 1.2 s`, or why not. */
export function outcomeOf({ state, startedAt, endedAt, error }: Run): string {
  const tookMs = endedAt === undefined ? undefined : Date.parse(endedAt) - Date.parse(startedAt)
  const took = tookMs === undefined ? '' : ` after ${(tookMs / 1_000).toFixed(1)} s`
  return `${state}${took}${error ? `: ${error.code}: ${error.message}` : ''}`
}

export function describeRunRecord(run: Run): string {
  const { runId, flow, mission, schedule, kind, nominal, attempt, worker, summary = {} } = run
  const fields: [string, string][] = [
    ['run', runId],
    ['of', `${flow} of ${mission === undefined ? `schedule ${schedule}` : `mission ${mission}`} (${kind})`],
    ['T', nominal],
    ['state', outcomeOf(run)],
    ['attempt', worker === undefined ? `${attempt}` : `${attempt}, by ${worker}`],
    ...Object.entries(summary).map(([name, value]): [string, string] => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  ]
  const width = Math.max(...fields.map(([name]) => name.length)) + 2
  return fields.map(([name, text]) => `${name.padEnd(width)}${text}`).join('\n')
}

const runPath = (runId: string) => `/runs/${encodeURIComponent(runId)}`
