import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { logLineView } from '../api/run-views.ts'
import { type ApiClient, apiClient, apiOptions } from './api-client.ts'
import { defineCommand } from './command.ts'
import { getRun, hasEnded, isFailed, runPath } from './run-show.ts'
import { abortOnSignals } from './signals.ts'

type LogLine = z.output<typeof logLineView>

const answered = z.object({ lines: z.array(z.custom<LogLine>((line) => typeof line === 'object')) })
const everyMs = 1_000

export const runLogs = defineCommand({
  name: 'run logs',
  summary: 'The last lines that its workers logged about a run.',
  details:
    'At most 100 lines, kept as long as the record of the run: a day when it succeeded, else a week. Plain detect runs have\nnone. With --follow the exit code is 1 when the run failed, was lost or cancelled.',
  positionals: { name: 'RUN', min: 1, max: 1 },
  options: {
    follow: { type: 'boolean', short: 'f', help: 'go on until the run has ended, or Ctrl-C' },
    json: { type: 'boolean', help: 'one line of JSON for each' },
    ...apiOptions,
  },
  examples: [
    ['anomaly-times run logs r.default.cpu.forecast.1790000000000', 'what is known of a run that failed'],
    ['anomaly-times run logs f.default.cpu.1790000000000.k.1 --follow', 'while it is at work'],
  ],
  async run({ values, positionals: [runId = ''] }, io) {
    const client = apiClient(values, io.environment)
    const print = (line: LogLine) => io.out(values.json ? JSON.stringify(line) : lineText(line))
    if (values.follow) return follow({ client, print }, runId)
    const lines = await readLines(client, runId)
    for (const line of lines) print(line)
    if (lines.length === 0 && !values.json) io.err(`run ${runId} logged nothing`)
    return 0
  },
})

interface Following {
  readonly client: ApiClient
  readonly print: (line: LogLine) => void
}

async function follow({ client, print }: Following, runId: string): Promise<number> {
  const signal = abortOnSignals()
  let seen: readonly LogLine[] = []
  for (;;) {
    // asked before its lines are: what an ended run logged is all there
    const run = await getRun(client, runId)
    const lines = await readLines(client, runId)
    for (const line of newLines(seen, lines)) print(line)
    seen = lines
    if (hasEnded(run)) return isFailed(run) ? 1 : 0
    if (signal.aborted) return 0
    await sleep(everyMs, undefined, { signal }).catch(() => undefined)
  }
}

/** Those after the last one seen; all of them when it is not kept any more. */
export function newLines(seen: readonly LogLine[], lines: readonly LogLine[]): readonly LogLine[] {
  const last = seen.at(-1)
  return lines.slice(lines.findLastIndex((line) => line.at === last?.at && line.text === last.text) + 1)
}

async function readLines(client: ApiClient, runId: string): Promise<readonly LogLine[]> {
  return answered.parse(await client.call({ path: `${runPath(runId)}/logs` })).lines
}

const lineText = ({ at, level, text }: LogLine): string => `${at} ${level === 'warn' ? 'warn ' : ''}${text}`
