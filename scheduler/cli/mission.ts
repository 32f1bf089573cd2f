import { stringify } from 'yaml'
import { z } from 'zod'
import type { SeriesState } from '../../flows/contexts.ts'
import type { missionView } from '../api/views.ts'
import { scoreText } from '../terminal/number-text.ts'
import { type ApiClient, type ApiRequest, apiClient, apiOptions } from './api-client.ts'
import { defineCommand, type OptionValues, usageError } from './command.ts'
import { forEach } from './for-each.ts'
import { allPages } from './pages.ts'
import { pauseBody, pauseOptions } from './pause-options.ts'
import { triggeredRun, waitOptions, waitTimeoutMs } from './run-show.ts'
import { relativeTime, textTable } from './table.ts'

export type Mission = z.output<typeof missionView>

const outputOptions = {
  output: { type: 'string', short: 'o', value: 'json|yaml', help: 'yaml: documents that apply takes' },
  json: { type: 'boolean', help: 'the same as -o json' },
} as const
const ids = { name: 'ID...', min: 1, max: 1_000 }
// a newer server may know more fields and states than this client
const anyMission = z.custom<Mission>((value) => z.looseObject({ id: z.string() }).safeParse(value).success)

export const missionGet = defineCommand({
  name: 'mission get',
  summary: 'Show a mission and how it is doing.',
  positionals: { name: 'ID', min: 1, max: 1 },
  options: { ...outputOptions, ...apiOptions },
  examples: [['anomaly-times mission get cpu -o yaml > cpu.yaml', 'the document, to edit and apply again']],
  async run({ values, positionals: [id = ''] }, io) {
    const format = outputFormat('mission get', values)
    const mission = anyMission.parse(await apiClient(values, io.environment).call({ path: missionPath(id) }))
    if (format === 'json') io.out(JSON.stringify(mission, undefined, 2))
    else if (format === 'yaml') io.out(stringify(mission.document).trimEnd())
    else io.out(describeMission(mission, Date.now()))
    return 0
  },
})

export const missionList = defineCommand({
  name: 'mission list',
  summary: 'List all missions with their state.',
  options: {
    labels: { type: 'string', value: 'SELECTOR', help: 'only those that bear these labels: team=sre,env!=dev' },
    state: { type: 'string', value: 'STATE', help: 'only new, active, failing or paused ones' },
    owner: { type: 'string', value: 'OWNER', help: 'only of this owner' },
    prefix: { type: 'string', value: 'TEXT', help: 'only those whose id begins with it' },
    ...outputOptions,
    ...apiOptions,
  },
  examples: [
    ['anomaly-times mission list', 'state, series and highest score of each, and why some have none'],
    ['anomaly-times mission list --labels team=sre --state failing', 'what a team has to look at'],
    ['anomaly-times mission list -o yaml > backup.yaml', 'all documents'],
  ],
  async run({ values }, io) {
    const format = outputFormat('mission list', values)
    const { labels, state, owner, prefix } = values
    const missions = await listMissions(apiClient(values, io.environment), { labels, state, owner, q: prefix })
    if (format === 'json') io.out(JSON.stringify(missions, undefined, 2))
    else if (format === 'yaml') io.out(missions.map(({ document }) => stringify(document).trimEnd()).join('\n---\n'))
    else
      io.out(
        missions.length === 0 ? 'no missions: see anomaly-times mission apply --help' : table(missions, Date.now()),
      )
    return 0
  },
})

export const missionDelete = defineCommand({
  name: 'mission delete',
  summary: 'Delete missions. What they wrote stays in the store.',
  positionals: ids,
  options: apiOptions,
  examples: [['anomaly-times mission delete cpu memory', 'two of them']],
  run: ({ values, positionals }, io) =>
    forEach(positionals, apiClient(values, io.environment), io, async (client, id) => {
      await client.call({ method: 'DELETE', path: missionPath(id) })
      return 'deleted'
    }),
})

export const missionPause = defineCommand({
  name: 'mission pause',
  summary: 'Pause missions: no forecasts, no scores.',
  positionals: ids,
  options: {
    ...pauseOptions,
    ...apiOptions,
  },
  examples: [['anomaly-times mission pause cpu --reason migration --for 2h', 'until the work is done']],
  async run({ values, positionals }, io) {
    const body = pauseBody(values)
    return forEach(positionals, apiClient(values, io.environment), io, async (client, id) => {
      await client.call({ method: 'POST', path: `${missionPath(id)}/pause`, body })
      return body.until ? `paused until ${body.until}` : 'paused'
    })
  },
})

export const missionResume = defineCommand({
  name: 'mission resume',
  summary: 'Resume paused missions.',
  positionals: ids,
  options: apiOptions,
  examples: [['anomaly-times mission resume cpu', 'it goes on at its next due instant']],
  run: ({ values, positionals }, io) =>
    forEach(positionals, apiClient(values, io.environment), io, async (client, id) => {
      await client.call({ method: 'POST', path: `${missionPath(id)}/resume` })
      return 'resumed'
    }),
})

export const missionTrigger = defineCommand({
  name: 'mission trigger',
  summary: 'Ask the workers for one run now, beside the schedule.',
  positionals: ids,
  options: {
    flow: { type: 'string', value: 'forecast|detect', help: 'which flow; default forecast' },
    recompute: { type: 'boolean', help: 'forecast again though a forecast is kept' },
    ...waitOptions,
    ...apiOptions,
  },
  examples: [
    ['anomaly-times mission trigger cpu --flow detect', 'one run of the detect flow'],
    ['anomaly-times mission trigger cpu --wait', 'and how it ended'],
  ],
  async run({ values, positionals }, io) {
    const { flow = 'forecast', recompute } = values
    if (flow !== 'forecast' && flow !== 'detect')
      throw usageError('mission trigger', `--flow ${flow}: write forecast or detect`)
    const body = { flow, recompute }
    const timeoutMs = waitTimeoutMs('mission trigger', values)
    return forEach(positionals, apiClient(values, io.environment), io, async (client, id) => {
      const answer = await client.call({ method: 'POST', path: `${missionPath(id)}/trigger`, body })
      return triggeredRun(client, answer, timeoutMs)
    })
  },
})

/** Every page, with the status of each mission. */
export function listMissions(client: ApiClient, query: ApiRequest['query'] = {}): Promise<Mission[]> {
  return allPages(client, { path: '/missions', field: 'missions', query: { ...query, status: 'true' } }, anyMission)
}

const missionPath = (id: string) => `/missions/${encodeURIComponent(id)}`

function outputFormat(
  name: string,
  { output: text, json }: OptionValues<typeof outputOptions>,
): 'table' | 'json' | 'yaml' {
  if (text === undefined) return json ? 'json' : 'table'
  if (json && text !== 'json') throw usageError(name, 'give --json or -o, not both')
  if (text === 'json' || text === 'yaml') return text
  throw usageError(name, `-o ${text}: write json or yaml`)
}

function table(missions: readonly Mission[], nowMs: number): string {
  return textTable(missions, [
    { title: 'MISSION', cell: ({ id }) => id },
    { title: 'STATE', cell: ({ status }) => status?.state ?? '-' },
    { title: 'SERIES', cell: ({ status }) => seriesCount(status), align: 'right' },
    { title: 'SCORE', cell: ({ status }) => scoreText(status?.missionScore), align: 'right' },
    { title: 'LAST SUCCESS', cell: ({ status }) => relativeTime(status?.lastSuccessAt, nowMs) },
    { title: 'NEXT DETECT', cell: ({ status }) => relativeTime(status?.nextDetectAt, nowMs) },
    { title: 'WHY', cell: (mission) => shortened(whyText(mission), 50) || '-' },
    { title: 'QUERY', cell: ({ document }) => shortened(document.query, 60) },
  ])
}

const scoredStates: readonly string[] = ['ok', 'gated', 'out_of_range'] satisfies SeriesState[]

/** What is worth a look: series above 1, and what keeps others from a score; empty where nothing is. */
function whyText({ pause, status }: Mission): string {
  if (status?.state === 'paused') return pause?.reason ?? ''
  if (status?.state === 'failing') return status.lastError?.message ?? ''
  if (status?.unchecked) return 'the store has not checked the query yet'
  if (!status?.series) return ''
  if (seriesCount(status) === '0') return 'the query returns nothing'
  const troubled = Object.entries(status.series).filter(([state]) => !scoredStates.includes(state))
  return [anomalousText(status), countsText(Object.fromEntries(troubled)), status.fallback].filter(Boolean).join(', ')
}

function anomalousText({ anomalous = 0 }: Partial<NonNullable<Mission['status']>>): string {
  return anomalous > 0 ? `${anomalous} above 1` : ''
}

function describeMission(mission: Mission, nowMs: number): string {
  const { id, generation, document, pause, status, updatedAt } = mission
  const fields: [string, string | undefined][] = [
    ['mission', `${id}, generation ${generation}, changed ${relativeTime(updatedAt, nowMs)}`],
    ['query', document.query],
    ...settingFields(mission),
    ['state', status?.state],
    ['paused by', pause && `${pause.actor}${pause.reason && `: ${pause.reason}`}`],
    ['until', pause?.until],
    ...calendarFields(status, nowMs),
    ['not checked', status?.unchecked && `since ${status.unchecked.since}: ${status.unchecked.reason}`],
    ['series', status?.series && countsText(status.series)],
    ['score', status && [scoreText(status.missionScore), anomalousText(status)].filter(Boolean).join(', ')],
    ['fall-back', status?.fallback],
    ['no covariate', status?.covariatesMissing && countsText(status.covariatesMissing)],
    ['last success', status?.lastSuccessAt && relativeTime(status.lastSuccessAt, nowMs)],
    [
      'last error',
      status?.lastError &&
        `${status.lastError.flow} ${relativeTime(status.lastError.at, nowMs)}: ${status.lastError.message}`,
    ],
    ['next forecast', status?.nextForecastAt && relativeTime(status.nextForecastAt, nowMs)],
    ['next detect', status?.nextDetectAt && relativeTime(status.nextDetectAt, nowMs)],
    ['scored until', status?.scoredUntil],
    ['drawn until', status?.publishedUntil],
  ]
  const known = fields.filter(([, text]) => text !== undefined && text !== '')
  return [...known.map(([title, text]) => `${title.padEnd(14)}${text}`), '', stringify(document).trimEnd()].join('\n')
}

/** Which calendars are open, and until when. */
function calendarFields(status: Mission['status'], nowMs: number): [string, string | undefined][] {
  const { alertsOff, calendars = [] } = status ?? {}
  const until = (text: string) => `until ${text} (${relativeTime(text, nowMs)})`
  return [
    ['alerts off', alertsOff && `${until(alertsOff.until)}, calendar ${alertsOff.calendar}`],
    ['calendars', calendars.map((open) => `${open.calendar}: ${open.effect} ${until(open.until)}`).join(', ')],
  ]
}

/** A server of another version may not tell. */
function settingFields({ document, effective }: Mission): [string, string][] {
  if (!effective) return []
  const { model, fallback, step, detectStep, context, horizon, minPoints } = effective
  return [
    ['model', `${model}${document.model === undefined ? ' (default)' : ''}, fall-back ${fallback}`],
    ['forecast', `step ${step}, context ${context}, horizon ${horizon}, minPoints ${minPoints}`],
    ['detect', `step ${detectStep}`],
  ]
}

function seriesCount(status: Mission['status']): string {
  if (!status?.series) return '-'
  return `${Object.values(status.series).reduce((sum, count) => sum + (count ?? 0), 0)}`
}

function countsText(counts: Readonly<Record<string, number | undefined>>): string {
  const some = Object.entries(counts).filter(([, count = 0]) => count > 0)
  return some.map(([name, count]) => `${count} ${name}`).join(', ')
}

function shortened(text: string, length: number): string {
  const line = text.replace(/\s+/g, ' ')
  return line.length > length ? `${line.slice(0, length - 1)}…` : line
}
