import { apiClient, apiOptions } from '../api-client.ts'
import { defineCommand } from '../command.ts'
import { allPages } from '../pages.ts'
import { show, watchOption } from '../watch.ts'
import { type Backfill, backfillTable, describeBackfill } from './describe-backfill.ts'
import { readBackfill } from './follow-backfill.ts'

export const backfillList = defineCommand({
  name: 'backfill list',
  summary: 'List backfills, newest first, with their progress.',
  options: { watch: watchOption, json: { type: 'boolean', help: 'as the API has them' }, ...apiOptions },
  examples: [['anomaly-times backfill list --watch', 'how all of them are doing']],
  async run({ values }, io) {
    const render = async () => {
      const request = { path: '/backfills', field: 'backfills' }
      const backfills = await allPages<Backfill>(apiClient(values, io.environment), request)
      return values.json ? JSON.stringify(backfills, undefined, 2) : backfillTable(backfills, Date.now())
    }
    await show(io, { isWatched: values.watch, render })
    return 0
  },
})

export const backfillGet = defineCommand({
  name: 'backfill get',
  summary: 'Show a backfill: how far it is, what failed and what was left out, with the reason.',
  positionals: { name: 'ID', min: 1, max: 1 },
  options: { watch: watchOption, json: { type: 'boolean', help: 'as the API has it' }, ...apiOptions },
  examples: [['anomaly-times backfill get outage --watch', 'until Ctrl-C']],
  async run({ values, positionals: [id = ''] }, io) {
    const render = async () => {
      const backfill = await readBackfill(apiClient(values, io.environment), id)
      return values.json ? JSON.stringify(backfill, undefined, 2) : describeBackfill(backfill, Date.now())
    }
    await show(io, { isWatched: values.watch, render })
    return 0
  },
})
