import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { parseDuration } from '../../models/duration.ts'
import { toAppError } from '../../models/errors.ts'
import type { runView } from '../api/run-views.ts'
import { type ApiClient, apiClient, apiOptions } from './api-client.ts'
import { type Command, defineCommand, type OptionValues, usageError } from './command.ts'
import type { Failure } from './for-each.ts'
import { show, watchOption } from './watch.ts'

export type Run = z.output<typeof runView>

const pollMs = 500
const finalStates: readonly string[] = ['succeeded', 'failed', 'lost', 'cancelled']
// a newer server may know more fields and states than this client
const anyRun = z.custom<Run>(
  (value) => z.looseObject({ runId: z.string(), state: z.string() }).safeParse(value).success,
)

export const runShow = showCommand('run show', 'The same as run get.')
export const runGet = showCommand('run get', 'Show a run of the workers: how it ended, its attempts, what it did.')

function showCommand(name: string, summary: string): Command {
  return defineCommand({
    ...{ name, summary },
    details:
      'The id is what mission trigger, run list and tick list print. Of a plain detect run only its tick is kept: when it\nbegan, and that it succeeded. The exit code is 1 for a run that failed, was lost or cancelled.',
    positionals: { name: 'RUN', min: 1, max: 1 },
    options: { watch: watchOption, json: { type: 'boolean', help: 'as the API has it' }, ...apiOptions },
    examples: [
      [`anomaly-times ${name} r.default.cpu.forecast.1790000000000`, 'one run'],
      [`anomaly-times ${name} r.default.cpu.forecast.1790000000000 --watch`, 'until Ctrl-C'],
    ],
    async run({ values, positionals: [runId = ''] }, io) {
      const client = apiClient(values, io.environment)
      let run: Run | undefined
      const render = async () => {
        run = await getRun(client, runId)
        return values.json ? JSON.stringify(run, undefined, 2) : describeRunRecord(run)
      }
      await show(io, { isWatched: values.watch, render })
      return run && isFailed(run) ? 1 : 0
    },
  })
}

export const getRun = async (client: ApiClient, runId: string): Promise<Run> =>
  parseRun(await client.call({ path: runPath(runId) }))

export const parseRun = (answer: unknown): Run => anyRun.parse(answer)

/** Resolves once the run has ended; undefined when it has not within `timeoutMs`. */
export async function awaitRun(client: ApiClient, runId: string, timeoutMs: number): Promise<Run | undefined> {
  const untilMs = performance.now() + timeoutMs
  for (;;) {
    const run = await findRun(client, runId)
    if (run && hasEnded(run)) return run
    if (performance.now() + pollMs > untilMs) return undefined
    await sleep(pollMs)
  }
}

/** Options of commands that ask for a run. */
export const waitOptions = {
  wait: { type: 'boolean', help: 'until the run has ended; the exit code is 1 when it failed' },
  timeout: { type: 'string', value: 'DURATION', help: 'how long to wait at most; default 5m' },
} as const

/** undefined: nobody waits. @throws INVALID_PARAMS for a time-out of nothing. */
export function waitTimeoutMs(name: string, { wait, timeout }: OptionValues<typeof waitOptions>): number | undefined {
  if (timeout !== undefined && !wait) throw usageError(name, '--timeout goes with --wait')
  return wait ? parseDuration(timeout ?? '5m') : undefined
}

/** How it ended, in one line. */
export async function waitForRun(client: ApiClient, runId: string, timeoutMs: number): Promise<string | Failure> {
  const run = await awaitRun(client, runId, timeoutMs)
  if (!run) return { failure: `run ${runId} has not ended yet: see anomaly-times run show ${runId}` }
  const text = `run ${runId} ${outcomeOf(run)}`
  return isFailed(run) ? { failure: text } : text
}

const triggered = z.object({ runId: z.string(), warnings: z.array(z.string()).default([]) })

/** What a trigger has answered in words, with how the run ended where somebody waits for that. */
export async function triggeredRun(
  client: ApiClient,
  answer: unknown,
  timeoutMs: number | undefined,
): Promise<string | Failure> {
  const { runId, warnings } = triggered.parse(answer)
  const done = timeoutMs === undefined ? `run ${runId}` : await waitForRun(client, runId, timeoutMs)
  if (typeof done !== 'string') return done
  return [done, ...warnings.map((warning) => `warning: ${warning}`)].join('; ')
}

/** undefined while no worker has taken it. */
async function findRun(client: ApiClient, runId: string): Promise<Run | undefined> {
  try {
    return await getRun(client, runId)
  } catch (error) {
    if (toAppError(error).code === 'NOT_FOUND') return undefined
    throw error
  }
}

export const hasEnded = ({ state }: Run): boolean => finalStates.includes(state)

export const isFailed = (run: Run): boolean => hasEnded(run) && run.state !== 'succeeded'

/** `succeeded after 1.2 s`, or why not. */
export function outcomeOf({ state, startedAt, endedAt, error, cancelled }: Run): string {
  const tookMs = endedAt && startedAt && Date.parse(endedAt) - Date.parse(startedAt)
  const took = typeof tookMs !== 'number' ? '' : ` after ${(tookMs / 1_000).toFixed(1)} s`
  const why = cancelled ? cancelText(cancelled) : error ? `: ${error.code}: ${error.message}` : ''
  return `${state}${took}${why}`
}

export function describeRunRecord(run: Run): string {
  const {
    runId,
    flow,
    mission,
    schedule,
    kind,
    nominal,
    attempt,
    worker,
    enqueuedAt,
    startedAt,
    attempts = [],
    shards = [],
    summary = {},
  } = run
  const fields: [string, string][] = [
    ['run', runId],
    ['of', `${flow} of ${mission === undefined ? `schedule ${schedule}` : `mission ${mission}`} (${kind})`],
    ['T', nominal],
    ['state', outcomeOf(run)],
    ...(enqueuedAt && startedAt ? [['waited', waitedText(enqueuedAt, startedAt)] as [string, string]] : []),
    ['attempt', worker === undefined ? `${attempt}` : `${attempt}, by ${worker}`],
    ...attempts.slice(0, -1).map((each): [string, string] => [`  ${each.attempt}`, attemptText(each)]),
    ...shardFields(shards),
    ...Object.entries(summary).map(([name, value]): [string, string] => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  ]
  const width = Math.max(...fields.map(([name]) => name.length)) + 2
  return fields.map(([name, text]) => `${name.padEnd(width)}${text}`).join('\n')
}

function shardFields(shards: NonNullable<Run['shards']>): [string, string][] {
  if (shards.length === 0) return []
  const succeeded = shards.filter(({ state }) => state === 'succeeded')
  const of = `${succeeded.length} of ${shards.length} have succeeded`
  return [['shards', of], ...shards.map((shard, i): [string, string] => [`  ${i}`, shardText(shard)])]
}

function shardText({ part, series, state, attempt = 0, worker, error }: NonNullable<Run['shards']>[number]): string {
  const tries = attempt > 1 ? `, attempt ${attempt}` : ''
  const by = worker === undefined ? '' : `, by ${worker}`
  const why = error ? `: ${error.code}: ${error.message}` : ''
  return `${state}${tries}${by}, ${series} series (${part})${why}`
}

const cancelText = ({ actor, reason }: NonNullable<Run['cancelled']>): string =>
  ` by ${actor}${reason === '' ? '' : `: ${reason}`}`

/** From the queue to its last start. */
const waitedText = (enqueuedAt: string, startedAt: string): string =>
  `${((Date.parse(startedAt) - Date.parse(enqueuedAt)) / 1_000).toFixed(1)} s, since ${enqueuedAt}`

const attemptText = ({ startedAt, worker, error = 'ended' }: NonNullable<Run['attempts']>[number]): string =>
  `${startedAt} ${error}${worker === undefined ? '' : `, by ${worker}`}`

export const runPath = (runId: string) => `/runs/${encodeURIComponent(runId)}`
