import type { z } from 'zod'
import type { runView } from '../../api/run-views.ts'
import { apiClient, apiOptions } from '../api-client.ts'
import { defineCommand } from '../command.ts'
import { allPages } from '../pages.ts'
import { outcomeOf } from '../run-show.ts'
import { relativeTime, textTable } from '../table.ts'
import { show, watchOption } from '../watch.ts'

type Run = z.output<typeof runView>

export const runList = defineCommand({
  name: 'run list',
  summary: 'Forecast, triggered, slow and failed runs, newest first.',
  details: 'Plain detect runs leave no record: tick list tells how they ended.',
  options: {
    mission: { type: 'string', value: 'ID', help: 'only of this mission' },
    schedule: { type: 'string', value: 'ID', help: 'only of this schedule' },
    flow: { type: 'string', value: 'forecast|detect', help: 'only of this flow' },
    state: { type: 'string', value: 'STATE', help: 'only active, retrying, succeeded, failed, lost or cancelled ones' },
    from: { type: 'string', value: 'INSTANT', help: 'only those started after it' },
    to: { type: 'string', value: 'INSTANT', help: 'only those started up to it' },
    limit: { type: 'string', value: 'N', help: 'most runs to list; default 20' },
    watch: watchOption,
    json: { type: 'boolean', help: 'as the API has them' },
    ...apiOptions,
  },
  examples: [
    ['anomaly-times run list --state failed', 'what went wrong lately'],
    ['anomaly-times run list --mission cpu --watch', 'how a mission is doing'],
  ],
  async run({ values }, io) {
    const { mission, schedule, flow, state, from, to } = values
    const limit = Number(values.limit ?? 20)
    const request = { path: '/runs', field: 'runs', query: { mission, schedule, flow, state, from, to }, limit }
    const render = async () => {
      const runs = await allPages<Run>(apiClient(values, io.environment), request)
      return values.json ? JSON.stringify(runs, undefined, 2) : runTable(runs, Date.now())
    }
    await show(io, { isWatched: values.watch, render })
    return 0
  },
})

function runTable(runs: readonly Run[], nowMs: number): string {
  if (runs.length === 0) return 'no runs'
  return textTable(runs, [
    { title: 'STARTED', cell: ({ startedAt }) => relativeTime(startedAt, nowMs) },
    { title: 'FLOW', cell: ({ flow }) => flow },
    { title: 'OF', cell: ({ mission, schedule }) => mission ?? schedule ?? '-' },
    { title: 'T', cell: ({ nominal }) => nominal },
    { title: 'KIND', cell: ({ kind }) => kind },
    { title: 'RUN', cell: ({ runId }) => runId },
    { title: 'HOW IT ENDED', cell: outcomeOf },
  ])
}
