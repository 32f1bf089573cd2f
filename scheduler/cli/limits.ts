import { z } from 'zod'
import { apiClient, apiOptions } from './api-client.ts'
import { defineCommand } from './command.ts'
import { forEach } from './for-each.ts'
import { relativeTime, textTable } from './table.ts'
import { show, watchOption } from './watch.ts'

const json = { type: 'boolean', help: 'as the API has them' } as const
const limits = z.object({ limits: z.array(z.object({ name: z.string(), most: z.number(), inUse: z.number() })) })
const holders = z.object({
  holders: z.array(
    z.object({
      runId: z.string(),
      since: z.string().optional(),
      worker: z.string().optional(),
      leaseLeftSeconds: z.number(),
    }),
  ),
})

const holdersPath = (name: string): string => `/limits/${encodeURIComponent(name)}/holders`

export const limitList = defineCommand({
  name: 'limit list',
  summary: 'Limits of the runs at work, and how many of their places are taken.',
  options: { watch: watchOption, json, ...apiOptions },
  examples: [['anomaly-times limit list --watch', 'as places come and go']],
  async run({ values }, io) {
    const render = async () => {
      const answer = limits.parse(await apiClient(values, io.environment).call({ path: '/limits' }))
      if (values.json) return JSON.stringify(answer.limits, undefined, 2)
      if (answer.limits.length === 0) return 'no limits are configured'
      return textTable(answer.limits, [
        { title: 'LIMIT', cell: ({ name }) => name },
        { title: 'IN USE', cell: ({ inUse }) => `${inUse}`, align: 'right' },
        { title: 'OF', cell: ({ most }) => `${most}`, align: 'right' },
      ])
    }
    await show(io, { isWatched: values.watch, render })
    return 0
  },
})

export const limitHolders = defineCommand({
  name: 'limit holders',
  summary: 'Runs that hold a place of a limit, on which worker and since when.',
  positionals: { name: 'LIMIT', min: 1, max: 1 },
  options: { watch: watchOption, json, ...apiOptions },
  examples: [['anomaly-times limit holders flow:forecast', 'which forecasts are at work']],
  async run({ values, positionals: [name = ''] }, io) {
    const render = async () => {
      const answer = holders.parse(await apiClient(values, io.environment).call({ path: holdersPath(name) }))
      if (values.json) return JSON.stringify(answer.holders, undefined, 2)
      if (answer.holders.length === 0) return 'no place is taken'
      const nowMs = Date.now()
      return textTable(answer.holders, [
        { title: 'RUN', cell: ({ runId }) => runId },
        { title: 'SINCE', cell: ({ since }) => relativeTime(since, nowMs) },
        { title: 'LEASE', cell: ({ leaseLeftSeconds }) => `${Math.round(leaseLeftSeconds)} s`, align: 'right' },
        { title: 'WORKER', cell: ({ worker = '-' }) => worker },
      ])
    }
    await show(io, { isWatched: values.watch, render })
    return 0
  },
})

export const limitRelease = defineCommand({
  name: 'limit release',
  summary: 'Take the places of runs away.',
  details:
    'Places are leases of a minute: one that a killed worker held is free after that by itself. A run that is at work goes on\nbeside the limit; run cancel ends it.',
  positionals: { name: 'LIMIT RUN...', min: 2, max: 1_000 },
  options: { ...apiOptions },
  examples: [['anomaly-times limit release flow:forecast r.default.cpu.forecast.1790000000000', 'one run']],
  run({ values, positionals: [name = '', ...runs] }, io) {
    return forEach(runs, apiClient(values, io.environment), io, async (client, runId) => {
      await client.call({ method: 'DELETE', path: `${holdersPath(name)}/${encodeURIComponent(runId)}` })
      return 'released'
    })
  },
})
