import { z } from 'zod'
import { AppError } from '../../models/errors.ts'
import { type Config, loadConfig } from '../config.ts'
import { type MissionDocument, missionDocument } from '../missions/document/document.ts'
import { parseMissions, readMissionFiles } from '../missions/document/read-documents.ts'
import type { FlowName } from '../queue/runs.ts'
import { apiClient, apiOptions } from './api-client.ts'
import { type Command, defineCommand, type Io, type OptionValues, usageError } from './command.ts'
import { configOptions } from './config.ts'
import { describeRun } from './run-report.ts'
import { abortOnSignals } from './signals.ts'

const options = {
  file: { type: 'string', short: 'f', value: 'FILE|-', help: 'a mission document in place of a registered mission' },
  query: { type: 'string', short: 'q', value: 'QUERY', help: 'a PromQL or MetricsQL expression in place of a mission' },
  store: { type: 'string', value: 'URL', help: 'read and write there in place of the configured datasource' },
  at: { type: 'string', value: 'TIME', help: 'T, as 2026-01-31T12:00:00Z; default: the one in force' },
  'dry-run': { type: 'boolean', help: 'write nothing, keep nothing' },
  json: { type: 'boolean', help: 'the whole result as JSON' },
  ...configOptions,
  ...apiOptions,
} as const
type RunValues = OptionValues<typeof options>

export const runForecast = runCommand('forecast', 'Forecast the series of a mission once, now, in this process.')
export const runDetect = runCommand('detect', 'Score the live values of a mission once, now, in this process.')

function runCommand(flow: FlowName, summary: string): Command {
  return defineCommand({
    name: `run ${flow}`,
    summary,
    details:
      'Needs a store and a query, no scheduler and no Redis: the forecast is kept in memory. The store is --store, else a\nconfigured datasource. MISSION is read from the API; -f and -q need none.',
    positionals: { name: '[MISSION]', min: 0, max: 1 },
    options,
    examples: [
      [
        `anomaly-times run ${flow} -q 'rate(http_requests_total[5m])' --store http://localhost:8428 --dry-run`,
        'try a query',
      ],
      [`anomaly-times run ${flow} cpu --json`, 'a registered mission'],
    ],
    async run({ values, positionals: [mission] }, io) {
      const config = loadConfig({ file: values.config, environment: io.environment })
      const document = await findDocument(flow, values, mission, io)
      const isStoreless = config.datasources.length === 0 && values.store === undefined
      if (mission !== undefined && isStoreless) throw storeless(flow, mission)
      const request = {
        ...{ document, flow, dryRun: values['dry-run'] },
        ...(values.at !== undefined && { atMs: parseInstant(flow, values.at) }),
        config: withStore(`run ${flow}`, config, values.store),
      }
      const { runOnce } = await import('../execution/run-once.ts')
      const done = await runOnce({ ...request, signal: abortOnSignals() })
      io.out(values.json ? JSON.stringify(done, undefined, 2) : describeRun(done, request.dryRun))
      return 0
    },
  })
}

/** The datasources of the API are known to its processes only. */
function storeless(flow: FlowName, mission: string) {
  return usageError(
    `run ${flow}`,
    `the API has mission "${mission}", but this process, which would run it, has no datasource: name the store by --store URL, or let a worker run it: anomaly-times mission trigger ${mission} --flow ${flow} --wait`,
  )
}

async function findDocument(
  flow: FlowName,
  values: RunValues,
  mission: string | undefined,
  io: Io,
): Promise<MissionDocument> {
  const given = [mission, values.file, values.query].filter((way) => way !== undefined)
  if (given.length !== 1) throw usageError(`run ${flow}`, 'name one of MISSION, -f FILE and -q QUERY')
  if (values.query !== undefined) return missionDocument.parse({ id: 'adhoc', query: values.query })
  if (values.file !== undefined) return readDocument(values.file, io)
  const answer = await apiClient(values, io.environment).call({
    path: `/missions/${encodeURIComponent(mission ?? '')}`,
  })
  return z.object({ document: missionDocument }).parse(answer).document
}

async function readDocument(file: string, io: Io): Promise<MissionDocument> {
  const written = file === '-' ? parseMissions(await io.readStdin(), 'stdin') : readMissionFiles(file)
  const [first] = written
  if (!first || written.length > 1)
    throw new AppError('INVALID_PARAMS', `${file} has ${written.length} documents, not one: name one mission to run`)
  if (first.error !== undefined) throw new AppError('INVALID_PARAMS', `${first.origin}: ${first.error}`)
  const parsed = missionDocument.safeParse(first.document)
  if (parsed.success) return parsed.data
  throw new AppError('INVALID_PARAMS', `${first.origin}: ${z.prettifyError(parsed.error)}`)
}

/** The first datasource with another address, or one of unknown kind. */
export function withStore(command: string, config: Config, store: string | undefined): Config {
  if (store === undefined) {
    if (config.datasources.length > 0) return config
    throw usageError(command, 'no datasource is configured: name a store by --store URL')
  }
  if (!URL.canParse(store) || !/^https?:/.test(store))
    throw usageError(command, `--store ${store}: write a URL such as http://HOST:PORT`)
  const environment = { AT_DATASOURCES: JSON.stringify([{ name: 'store', readUrl: store }]) }
  return { ...config, datasources: loadConfig({ environment }).datasources }
}

function parseInstant(flow: FlowName, text: string): number {
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) throw usageError(`run ${flow}`, `--at ${text}: write an instant as 2026-01-31T12:00:00Z`)
  return ms
}
