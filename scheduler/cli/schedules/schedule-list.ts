import type { z } from 'zod'
import type { scheduleView } from '../../api/schedule-views.ts'
import { apiClient, apiOptions } from '../api-client.ts'
import { defineCommand } from '../command.ts'
import { allPages } from '../pages.ts'
import { relativeTime, textTable } from '../table.ts'
import { show, watchOption } from '../watch.ts'

export type Schedule = z.output<typeof scheduleView>

export const scheduleList = defineCommand({
  name: 'schedule list',
  summary: 'List schedules, those of missions too.',
  options: {
    flow: { type: 'string', value: 'NAME', help: 'only of this flow' },
    mission: { type: 'string', value: 'ID', help: 'only of this mission' },
    state: { type: 'string', value: 'STATE', help: 'only active, paused, finished or overdue ones' },
    labels: { type: 'string', value: 'SELECTOR', help: 'only those that bear these labels: team=sre,env!=dev' },
    owner: { type: 'string', value: 'OWNER', help: 'only those of this owner' },
    prefix: { type: 'string', value: 'TEXT', help: 'only those whose id begins so' },
    watch: watchOption,
    json: { type: 'boolean', help: 'as the API has them' },
    ...apiOptions,
  },
  examples: [
    ['anomaly-times schedule list --state overdue', 'what the planner is behind with'],
    ['anomaly-times schedule list --flow noop --watch', 'how some are doing'],
  ],
  async run({ values }, io) {
    const { flow, mission, state, labels, owner, prefix: q } = values
    const request = { path: '/schedules', field: 'schedules', query: { flow, mission, state, labels, owner, q } }
    const render = async () => {
      const schedules = await allPages<Schedule>(apiClient(values, io.environment), request)
      return values.json ? JSON.stringify(schedules, undefined, 2) : scheduleTable(schedules, Date.now())
    }
    await show(io, { isWatched: values.watch, render })
    return 0
  },
})

function scheduleTable(schedules: readonly Schedule[], nowMs: number): string {
  if (schedules.length === 0) return 'no schedules'
  return textTable(schedules, [
    { title: 'SCHEDULE', cell: ({ id }) => id },
    { title: 'FLOW', cell: ({ flow }) => flow },
    { title: 'STATE', cell: ({ state }) => state },
    { title: 'WHEN', cell: ({ spec }) => whenText(spec) },
    { title: 'NEXT', cell: ({ nextAt }) => relativeTime(nextAt, nowMs) },
    { title: 'WHY', cell: ({ pause }) => pause?.reason ?? '-' },
  ])
}

/** `every 5m, phase 20s`, `30 2 * * * Europe/Berlin`, `3 instants`. */
export function whenText({
  every,
  phase,
  cron,
  timeZone,
  at = [],
  start,
  end,
  exclude = [],
}: Schedule['spec']): string {
  const times =
    every !== undefined
      ? `every ${every}${phase === undefined || /^0/.test(phase) ? '' : `, phase ${phase}`}`
      : cron !== undefined
        ? `${cron} ${timeZone}`
        : `${at.length} instant${at.length === 1 ? '' : 's'}`
  return [
    times,
    ...(start === undefined ? [] : [`from ${start}`]),
    ...(end === undefined ? [] : [`until ${end}`]),
    ...(exclude.length === 0 ? [] : [`without ${exclude.length} exclusion${exclude.length === 1 ? '' : 's'}`]),
  ].join(', ')
}
