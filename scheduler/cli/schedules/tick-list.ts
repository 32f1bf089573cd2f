import type { z } from 'zod'
import { parseDuration } from '../../../models/duration.ts'
import type { tickView } from '../../api/views.ts'
import { apiClient, apiOptions } from '../api-client.ts'
import { defineCommand } from '../command.ts'
import { allPages } from '../pages.ts'
import { textTable } from '../table.ts'
import { show, watchOption } from '../watch.ts'
import { schedulePath } from './schedule-get.ts'

type Tick = z.output<typeof tickView>

export const tickList = defineCommand({
  name: 'tick list',
  summary: 'What became of every due instant of a schedule (kept for two days).',
  positionals: { name: 'SCHEDULE', min: 1, max: 1 },
  options: {
    last: { type: 'string', value: 'DURATION', help: 'how far back; default 1h' },
    outcome: { type: 'string', value: 'OUTCOME', help: 'only these: run, missed, skipped_overlap, paused ...' },
    watch: watchOption,
    json: { type: 'boolean', help: 'as the API has them' },
    ...apiOptions,
  },
  examples: [
    ['anomaly-times tick list cpu.detect', 'the last hour'],
    ['anomaly-times tick list cpu.detect --last 2d --outcome missed', 'what did not run, and why'],
  ],
  async run({ values, positionals: [id = ''] }, io) {
    const render = async () => {
      const from = new Date(Date.now() - parseDuration(values.last ?? '1h')).toISOString()
      const client = apiClient(values, io.environment)
      const request = { path: `${schedulePath(id)}/ticks`, query: { from, outcome: values.outcome }, field: 'ticks' }
      const ticks = await allPages<Tick>(client, request)
      return values.json ? JSON.stringify(ticks, undefined, 2) : tickTable(ticks)
    }
    await show(io, { isWatched: values.watch, render })
    return 0
  },
})

function tickTable(ticks: readonly Tick[]): string {
  if (ticks.length === 0) return 'no ticks'
  return textTable(ticks, [
    { title: 'T', cell: ({ nominal }) => nominal },
    { title: 'OUTCOME', cell: ({ outcome }) => outcome },
    {
      title: 'WHY',
      cell: ({ reason, byNominal, calendar }) =>
        [reason.replaceAll('_', ' '), detailText(byNominal ?? calendar)].join(''),
    },
    {
      title: 'LAG',
      cell: ({ lagSeconds }) => (lagSeconds === undefined ? '-' : `${lagSeconds.toFixed(1)} s`),
      align: 'right',
    },
    { title: 'RUN', cell: ({ runId }) => runId ?? '-' },
  ])
}

const detailText = (detail: string | undefined): string => (detail === undefined ? '' : ` (${detail})`)
