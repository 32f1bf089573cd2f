import type { Finding } from './zod-problems.ts'

const ofSentinel = ['master', 'sentinelUsername', 'sentinelPassword'] as const

/** Settings of Redis that do not go together. */
export function redisFindings(redis: unknown): Finding[] {
  const settings = Object(redis) as Readonly<Record<string, unknown>>
  const { mode = 'single', url, nodes, master } = settings
  const findings: Finding[] = []
  const add = (field: string, detail: string) => findings.push({ path: ['redis', field], detail })
  if (mode === 'sentinel' && master === undefined) add('master', 'mode sentinel needs the name of the master')
  if (mode !== 'sentinel')
    for (const field of ofSentinel) if (settings[field] !== undefined) add(field, 'is for mode sentinel alone')
  if (mode === 'single' && nodes !== undefined) add('nodes', 'is for mode sentinel or cluster: set redis.mode')
  if (mode === 'cluster' && typeof url === 'string' && /^rediss?:\/\/[^/]*\/[1-9]/.test(url))
    add('url', 'names a database: a cluster has no other than 0')
  return findings
}
