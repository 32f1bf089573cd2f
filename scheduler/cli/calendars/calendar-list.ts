import type { z } from 'zod'
import type { calendarView } from '../../api/calendar-views.ts'
import { apiClient, apiOptions } from '../api-client.ts'
import { defineCommand } from '../command.ts'
import { allPages } from '../pages.ts'
import { relativeTime, textTable } from '../table.ts'
import { show, watchOption } from '../watch.ts'

export type Calendar = z.output<typeof calendarView>

export const calendarList = defineCommand({
  name: 'calendar list',
  summary: 'List calendars: whom they concern, what they do, and when.',
  options: {
    effect: { type: 'string', value: 'EFFECT', help: 'only noRun, noAlert or mask' },
    watch: watchOption,
    json: { type: 'boolean', help: 'as the API has them' },
    ...apiOptions,
  },
  examples: [['anomaly-times calendar list --effect noAlert', 'who keeps alerts silent']],
  async run({ values }, io) {
    const request = { path: '/calendars', field: 'calendars', query: { effect: values.effect } }
    const render = async () => {
      const calendars = await allPages<Calendar>(apiClient(values, io.environment), request)
      return values.json ? JSON.stringify(calendars, undefined, 2) : calendarTable(calendars, Date.now())
    }
    await show(io, { isWatched: values.watch, render })
    return 0
  },
})

function calendarTable(calendars: readonly Calendar[], nowMs: number): string {
  if (calendars.length === 0) return 'no calendars: see anomaly-times calendar apply --help'
  return textTable(calendars, [
    { title: 'CALENDAR', cell: ({ id }) => id },
    { title: 'EFFECT', cell: ({ document }) => document.effect },
    { title: 'FOR', cell: selectorText },
    { title: 'STATE', cell: ({ state }) => state },
    { title: 'FROM', cell: ({ window }) => relativeTime(window?.from, nowMs) },
    { title: 'TO', cell: ({ window }) => relativeTime(window?.to, nowMs) },
    { title: 'OWNER', cell: ({ document }) => document.owner ?? '-' },
  ])
}

export const selectorText = ({ document: { selector } }: Calendar): string =>
  typeof selector === 'string' ? selector : '*'
