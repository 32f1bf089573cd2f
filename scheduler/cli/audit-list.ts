import type { z } from 'zod'
import type { entryView } from '../api/audit.ts'
import { apiClient, apiOptions } from './api-client.ts'
import { defineCommand } from './command.ts'
import { allPages } from './pages.ts'
import { relativeTime, textTable } from './table.ts'

type Entry = z.output<typeof entryView>

export const auditList = defineCommand({
  name: 'audit list',
  summary: 'Who changed what, newest first.',
  details: 'For admins of a tenant. The last 10,000 changes of 90 days are kept.',
  options: {
    limit: { type: 'string', value: 'N', help: 'most changes to list; default 50' },
    json: { type: 'boolean', help: 'as the API has them' },
    ...apiOptions,
  },
  examples: [['anomaly-times audit list --limit 500 | grep checkout', 'what happened to a mission']],
  async run({ values }, io) {
    const request = { path: '/audit', field: 'changes', limit: Number(values.limit ?? 50) }
    const changes = await allPages<Entry>(apiClient(values, io.environment), request)
    io.out(values.json ? JSON.stringify(changes, undefined, 2) : changeTable(changes, Date.now()))
    return 0
  },
})

interface Line extends Entry {
  readonly what?: string
}

export function changeTable(changes: readonly Entry[], nowMs: number): string {
  if (changes.length === 0) return 'no changes'
  const lines = changes.flatMap((change): Line[] => change.changes?.map((what) => ({ ...change, what })) ?? [change])
  return textTable(lines, [
    { title: 'WHEN', cell: ({ at }) => relativeTime(at, nowMs) },
    { title: 'WHO', cell: ({ actor }) => actor },
    { title: 'WHAT', cell: ({ what, method, path }) => what ?? `${method} ${path}` },
    { title: 'GENERATION', cell: ({ generation }) => `${generation ?? '-'}` },
    { title: 'REQUEST', cell: ({ requestId }) => requestId },
  ])
}
