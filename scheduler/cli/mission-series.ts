import { z } from 'zod'
import { seriesStates } from '../../flows/contexts.ts'
import type { seriesPageView } from '../api/series.ts'
import { numberText, scoreText } from '../terminal/number-text.ts'
import { seriesText } from '../terminal/series-text.ts'
import { type ApiClient, apiClient, apiOptions } from './api-client.ts'
import { defineCommand, usageError } from './command.ts'
import { relativeTime, textTable } from './table.ts'

type Page = z.output<typeof seriesPageView>
type Series = Page['series'][number]

const pageLimit = 1_000
// a newer server may know more fields and states than this client
const anyPage = z.custom<Page>((value) => z.looseObject({ series: z.array(z.unknown()) }).safeParse(value).success)

export const missionSeries = defineCommand({
  name: 'mission series',
  summary: 'Show the series of a mission: which are in trouble, which still learn, and why.',
  details: `Trouble first: scores above 1, then what is not watched, then what learns. States: ${seriesStates.join(', ')};\nok with a score above 1 is shown as anomaly.`,
  positionals: { name: 'ID', min: 1, max: 1 },
  options: {
    state: { type: 'string', value: 'STATE', help: 'only series in this state' },
    limit: { type: 'string', value: 'N', help: 'most series that are shown; default 100' },
    output: { type: 'string', short: 'o', value: 'json', help: 'as the API has it' },
    json: { type: 'boolean', help: 'the same as -o json' },
    ...apiOptions,
  },
  examples: [
    ['anomaly-times mission series cpu', 'the worst first'],
    ['anomaly-times mission series cpu --state learning', 'how far learning is'],
  ],
  async run({ values, positionals: [id = ''] }, io) {
    const { state, limit = '100', output = 'json' } = values
    if (output !== 'json') throw usageError('mission series', `-o ${output}: write json`)
    const most = Number(limit)
    if (!Number.isInteger(most) || most < 1) throw usageError('mission series', `--limit ${limit}: write a number`)
    const path = `/missions/${encodeURIComponent(id)}/series`
    const page = await readSeries(apiClient(values, io.environment), { path, state, most })
    const isJson = values.json || values.output !== undefined
    io.out(isJson ? JSON.stringify(page, undefined, 2) : describeSeries(page, Date.now()))
    return 0
  },
})

interface Wanted {
  readonly path: string
  readonly state: string | undefined
  readonly most: number
}

/** As many pages as it takes, as one. */
async function readSeries(client: ApiClient, { path, state, most }: Wanted): Promise<Page> {
  const series: Series[] = []
  for (let cursor: string | undefined; ; ) {
    const limit = `${Math.min(pageLimit, most - series.length)}`
    const page = anyPage.parse(await client.call({ path, query: { limit, state, cursor } }))
    series.push(...page.series)
    cursor = page.cursor
    if (cursor === undefined || series.length >= most) return { ...page, series }
  }
}

function describeSeries({ at, states, series, cursor }: Page, nowMs: number): string {
  const counts = Object.entries(states).filter(([, count]) => count > 0)
  const summary = counts.map(([state, count]) => `${count} ${state}`).join(', ') || 'no series'
  const numbers = ['value', 'pred', 'lower', 'upper'] as const
  const table = textTable(series, [
    { title: 'SERIES', cell: ({ labels }) => seriesText(labels) },
    { title: 'STATE', cell: stateText },
    ...numbers.map((name) => ({
      title: name.toUpperCase(),
      cell: (row: Series) => numberText(row[name] ?? Number.NaN),
      align: 'right' as const,
    })),
    { title: 'SCORE', cell: ({ score }) => scoreText(score), align: 'right' },
    { title: 'SINCE', cell: ({ since }) => relativeTime(since, nowMs) },
    { title: 'WHY', cell: (row) => whyText(row, nowMs) },
  ])
  return [
    ...(series.length > 0 ? [table] : []),
    ...(cursor === undefined ? [] : ['... and more: --limit N shows them']),
    `at ${at}: ${summary}${anomalousText(series, cursor !== undefined)}`,
  ].join('\n')
}

/** The API tells a state from a score; who reads a table looks for the one word. */
const stateText = ({ state, score = 0 }: Series): string => (state === 'ok' && score > 1 ? 'anomaly' : state)

/** They come first, so that those shown are all of them unless the page ends among them. */
function anomalousText(series: readonly Series[], isCut: boolean): string {
  const count = series.filter(({ score = 0 }) => score > 1).length
  if (count === 0) return ''
  return `; ${count}${isCut && count === series.length ? ' or more' : ''} above 1`
}

function whyText({ reason, learning }: Series, nowMs: number): string {
  if (!learning) return reason
  const { points, minPoints, firstSeen } = learning
  const since = firstSeen === undefined ? '' : ` since it was first seen, ${relativeTime(firstSeen, nowMs)}`
  return `${reason}: ${points} of ${minPoints} points${since}`
}
