import { stringify } from 'yaml'
import { z } from 'zod'
import { apiClient, apiOptions } from '../api-client.ts'
import { defineCommand, usageError } from '../command.ts'
import { relativeTime, textTable } from '../table.ts'
import { show, watchOption } from '../watch.ts'
import { type Schedule, whenText } from './schedule-list.ts'

const anySchedule = z.custom<Schedule>((value) => z.looseObject({ id: z.string() }).safeParse(value).success)
const one = { name: 'ID', min: 1, max: 1 }
export const schedulePath = (id: string) => `/schedules/${encodeURIComponent(id)}`

export const scheduleGet = defineCommand({
  name: 'schedule get',
  summary: 'Show a schedule, its policies and how it is doing.',
  positionals: one,
  options: {
    output: { type: 'string', short: 'o', value: 'json|yaml', help: 'yaml: the document that apply takes' },
    watch: watchOption,
    ...apiOptions,
  },
  examples: [
    ['anomaly-times schedule get cpu.detect', 'one of a mission'],
    ['anomaly-times schedule get probe -o yaml > probe.yaml', 'the document, to edit and apply again'],
  ],
  async run({ values, positionals: [id = ''] }, io) {
    const { output } = values
    if (output !== undefined && output !== 'json' && output !== 'yaml')
      throw usageError('schedule get', `-o ${output}: write json or yaml`)
    const render = async () => {
      const schedule = anySchedule.parse(await apiClient(values, io.environment).call({ path: schedulePath(id) }))
      if (output === 'json') return JSON.stringify(schedule, undefined, 2)
      if (output === undefined) return describeSchedule(schedule, Date.now())
      if (schedule.document) return stringify(schedule.document).trimEnd()
      throw usageError('schedule get', `${id} belongs to mission ${schedule.mission}: see mission get -o yaml`)
    }
    await show(io, { isWatched: values.watch, render })
    return 0
  },
})

function describeSchedule(schedule: Schedule, nowMs: number): string {
  const { id, flow, mission, generation, state, spec, policy, pause, nextAt, startDelay, status, document } = schedule
  const { lastTick } = status ?? {}
  const fields: [string, string | undefined][] = [
    ['schedule', `${id}, generation ${generation}`],
    ['flow', mission === undefined ? flow : `${flow} of mission ${mission}`],
    ['params', document?.params && JSON.stringify(document.params)],
    ['when', whenText(spec)],
    ['state', state],
    ['paused by', pause && [pause.actor, pause.reason].filter(Boolean).join(': ')],
    ['until', pause?.until],
    ['next', nextAt && `${nextAt} (${relativeTime(nextAt, nowMs)}), started ${startDelay} later`],
    ['last tick', lastTick && `${lastTick.nominal} ${lastTick.outcome}, ${lastTick.reason.replaceAll('_', ' ')}`],
    [
      'ticks',
      status &&
        Object.entries(status.counters)
          .map(([name, count]) => `${count} ${name}`)
          .join(', '),
    ],
    ['failures', status && status.failures > 0 ? `${status.failures} runs in a row` : undefined],
    [
      'policy',
      Object.entries(policy)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
    ],
  ]
  const known = fields.filter(([, text]) => text !== undefined && text !== '')
  return known.map(([title, text]) => `${title.padEnd(11)}${text}`).join('\n')
}

const openCalendar = z.looseObject({ calendar: z.string(), effect: z.string() })
const timesAnswer = z.object({
  times: z.array(
    z.looseObject({
      nominal: z.string(),
      clocks: z.string().optional(),
      calendars: z.array(openCalendar).optional(),
    }),
  ),
})

export const scheduleTimes = defineCommand({
  name: 'schedule times',
  summary: 'When a schedule is due, and what clocks and calendars do to it.',
  positionals: one,
  options: {
    from: { type: 'string', value: 'INSTANT', help: 'after it; default now' },
    to: { type: 'string', value: 'INSTANT', help: 'up to it; default without end' },
    limit: { type: 'string', value: 'N', help: 'most times to list; default 10' },
    json: { type: 'boolean', help: 'as the API has them' },
    ...apiOptions,
  },
  examples: [
    ['anomaly-times schedule times cpu.forecast', 'the next ten'],
    ['anomaly-times schedule times night --from 2027-03-27T00:00:00Z', 'around the change of the clocks'],
  ],
  async run({ values, positionals: [id = ''] }, io) {
    const query = { from: values.from, to: values.to, limit: values.limit ?? '10' }
    const answer = await apiClient(values, io.environment).call({ path: `${schedulePath(id)}/times`, query })
    const { times } = timesAnswer.parse(answer)
    if (values.json) io.out(JSON.stringify(times, undefined, 2))
    else io.out(times.length === 0 ? 'none' : timesTable(times, Date.now()))
    return 0
  },
})

function timesTable(times: z.output<typeof timesAnswer>['times'], nowMs: number): string {
  const hasCalendars = times.some(({ calendars = [] }) => calendars.length > 0)
  return textTable(times, [
    { title: 'T', cell: ({ nominal }) => nominal },
    { title: '', cell: ({ nominal }) => relativeTime(nominal, nowMs) },
    { title: 'CLOCKS', cell: ({ clocks }) => clocks ?? '-' },
    ...(hasCalendars ? [{ title: 'CALENDARS', cell: calendarsText }] : []),
  ])
}

const calendarsText = ({ calendars = [] }: z.output<typeof timesAnswer>['times'][number]): string =>
  calendars.map(({ calendar, effect }) => `${calendar}: ${effect}`).join(', ') || '-'
