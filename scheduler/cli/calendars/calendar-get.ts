import { stringify } from 'yaml'
import { z } from 'zod'
import { formatDuration } from '../../../models/duration.ts'
import { apiClient, apiOptions } from '../api-client.ts'
import { defineCommand, usageError } from '../command.ts'
import { relativeTime, textTable } from '../table.ts'
import { type Calendar, selectorText } from './calendar-list.ts'

const anyCalendar = z.custom<Calendar>((value) => z.looseObject({ id: z.string() }).safeParse(value).success)
const one = { name: 'ID', min: 1, max: 1 }
export const calendarPath = (id: string) => `/calendars/${encodeURIComponent(id)}`

export const calendarGet = defineCommand({
  name: 'calendar get',
  summary: 'Show a calendar and its present or next window.',
  positionals: one,
  options: {
    output: { type: 'string', short: 'o', value: 'json|yaml', help: 'yaml: the document that apply takes' },
    ...apiOptions,
  },
  examples: [['anomaly-times calendar get nightly -o yaml > nightly.yaml', 'the document, to edit and apply again']],
  async run({ values, positionals: [id = ''] }, io) {
    const { output } = values
    if (output !== undefined && output !== 'json' && output !== 'yaml')
      throw usageError('calendar get', `-o ${output}: write json or yaml`)
    const calendar = anyCalendar.parse(await apiClient(values, io.environment).call({ path: calendarPath(id) }))
    if (output === 'json') io.out(JSON.stringify(calendar, undefined, 2))
    else io.out(output === 'yaml' ? stringify(calendar.document).trimEnd() : describeCalendar(calendar, Date.now()))
    return 0
  },
})

function describeCalendar(calendar: Calendar, nowMs: number): string {
  const { id, generation, updatedAt, state, window, document } = calendar
  const fields: [string, string | undefined][] = [
    ['calendar', `${id}, generation ${generation}, changed ${relativeTime(updatedAt, nowMs)}`],
    ['effect', `${document.effect} for ${selectorText(calendar)}`],
    ['state', state],
    ['window', window && `${window.from} to ${window.to} (${lengthText(window)})`],
  ]
  const known = fields.filter(([, text]) => text !== undefined)
  return [...known.map(([title, text]) => `${title.padEnd(11)}${text}`), '', stringify(document).trimEnd()].join('\n')
}

type Window = NonNullable<Calendar['window']>

const lengthText = ({ from, to }: Window): string => formatDuration(Date.parse(to) - Date.parse(from))

const timesAnswer = z.object({ windows: z.array(z.looseObject({ from: z.string(), to: z.string() })) })

export const calendarTimes = defineCommand({
  name: 'calendar times',
  summary: 'The windows of a calendar, without overlaps.',
  positionals: one,
  options: {
    from: { type: 'string', value: 'INSTANT', help: 'windows that end after it; default now' },
    to: { type: 'string', value: 'INSTANT', help: 'that begin before it; default without end' },
    limit: { type: 'string', value: 'N', help: 'most windows to list; default 10' },
    json: { type: 'boolean', help: 'as the API has them' },
    ...apiOptions,
  },
  examples: [
    ['anomaly-times calendar times nightly', 'the next ten'],
    ['anomaly-times calendar times nightly --from 2027-03-27T00:00:00Z', 'around the change of the clocks'],
  ],
  async run({ values, positionals: [id = ''] }, io) {
    const query = { from: values.from, to: values.to, limit: values.limit ?? '10' }
    const answer = await apiClient(values, io.environment).call({ path: `${calendarPath(id)}/times`, query })
    const { windows } = timesAnswer.parse(answer)
    if (values.json) io.out(JSON.stringify(windows, undefined, 2))
    else io.out(windows.length === 0 ? 'none' : windowTable(windows, Date.now()))
    return 0
  },
})

function windowTable(windows: readonly Window[], nowMs: number): string {
  return textTable(windows, [
    { title: 'FROM', cell: ({ from }) => from },
    { title: 'TO', cell: ({ to }) => to },
    { title: 'LENGTH', cell: lengthText, align: 'right' },
    { title: '', cell: ({ from }) => relativeTime(from, nowMs) },
  ])
}
