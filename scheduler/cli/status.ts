import { z } from 'zod'
import { toAppError } from '../../models/errors.ts'
import { statusView } from '../api/status-view.ts'
import { type ApiClient, apiClient, apiOptions } from './api-client.ts'
import { defineCommand } from './command.ts'
import { listMissions, type Mission } from './mission.ts'
import { textTable } from './table.ts'

/** `bad` means that nothing is scored, `poor` that somebody should look. */
export interface StatusLine {
  readonly what: string
  readonly health: 'ok' | 'poor' | 'bad'
  readonly detail: string
  /** What the detail says in words, for programs. */
  readonly numbers?: Readonly<Record<string, number>>
}

const exitCodes = { ok: 0, poor: 1, bad: 2 } as const
/** A pool that lets a job wait longer is too small or stuck. */
const longWaitSeconds = 120

export const status = defineCommand({
  name: 'status',
  summary: 'Health of everything: API, Redis, planner, workers, datasources, missions.',
  details: 'Exit code 0: all is well; 1: something needs attention; 2: the platform does not work.',
  options: { json: { type: 'boolean', help: 'one JSON object' }, ...apiOptions },
  examples: [
    ['anomaly-times status || echo "look at it"', 'in a script'],
    [`anomaly-times status --json | jq '.lines[] | select(.what == "pool detect").numbers.waiting'`, 'one number'],
  ],
  async run({ values }, io) {
    const lines = await assessPlatform(apiClient(values, io.environment))
    const health = worst(lines)
    if (values.json) io.out(JSON.stringify({ health, lines }, undefined, 2))
    else {
      io.out(
        textTable(lines, [
          { title: 'WHAT', cell: ({ what }) => what },
          { title: 'HEALTH', cell: (line) => line.health },
          { title: 'DETAIL', cell: ({ detail }) => detail },
        ]),
      )
    }
    return exitCodes[health]
  },
})

/** Asks for everything at once; what cannot be asked is a line of its own. */
async function assessPlatform(client: ApiClient): Promise<StatusLine[]> {
  const parts = [
    { what: 'platform', lines: () => platformLines(client) },
    { what: 'datasources', lines: () => datasourceLines(client) },
    { what: 'missions', lines: () => missionLines(client) },
  ]
  const answers = await Promise.all(
    parts.map(async ({ what, lines }) => {
      try {
        return await lines()
      } catch (error) {
        const { code, message } = toAppError(error)
        const isOfAll = code === 'API_UNAVAILABLE' || code === 'UNAUTHENTICATED'
        // told once is enough
        if (isOfAll && what !== 'platform') return []
        return [{ what: isOfAll ? 'API' : what, health: 'bad', detail: message } as const]
      }
    }),
  )
  return answers.flat()
}

async function platformLines(client: ApiClient): Promise<StatusLine[]> {
  const {
    version,
    ready,
    checks = [],
    processes = [],
    queues,
  } = statusView.parse(await client.call({ path: '/status' }))
  return [
    { what: 'API', health: ready || queues ? 'ok' : 'bad', detail: `${client.url}, version ${version}` },
    ...checks.map(
      ({ name, ok, detail }): StatusLine => ({ what: name, health: ok ? 'ok' : 'bad', detail: detail ?? '' }),
    ),
    ...processes.map(({ name, role, alive, lastSeenAt }): StatusLine => {
      return {
        what: name,
        health: alive ? 'ok' : 'poor',
        detail: alive ? role : `${role}, not seen since ${lastSeenAt}`,
      }
    }),
    // tenants other than the default one see their own missions only
    ...(queues ? pools.map((pool) => poolLine(pool, queues[pool.queue], processes)) : []),
  ]
}

const pools = [
  { what: 'pool forecast', queue: 'forecast', role: 'forecast' },
  { what: 'pool detect', queue: 'detect', role: 'detect' },
  { what: 'forecasts on demand', queue: 'forecastOnce', role: 'forecast' },
] as const

type Seen = z.output<typeof statusView>

function poolLine(
  { what, role }: (typeof pools)[number],
  numbers: NonNullable<Seen['queues']>['detect'],
  processes: NonNullable<Seen['processes']>,
): StatusLine {
  const { waiting, active, oldestWaitSeconds } = numbers
  const isServed = processes.some((each) => each.alive && each.role === role)
  const detail = `${waiting} waiting (oldest ${Math.round(oldestWaitSeconds)} s), ${active} active`
  if (!isServed) return { what, health: 'bad', detail: `no worker; ${detail}`, numbers }
  return { what, health: oldestWaitSeconds > longWaitSeconds ? 'poor' : 'ok', detail, numbers }
}

const datasourceList = z.object({ datasources: z.array(z.object({ name: z.string(), kind: z.string() })) })
const datasourceCheck = z.object({
  ok: z.boolean(),
  findings: z.array(z.object({ severity: z.string(), detail: z.string() })),
})

export async function datasourceLines(client: ApiClient): Promise<StatusLine[]> {
  const { datasources } = datasourceList.parse(await client.call({ path: '/datasources' }))
  return Promise.all(
    datasources.map(async ({ name, kind }): Promise<StatusLine> => {
      const path = `/datasources/${encodeURIComponent(name)}/check`
      const { ok, findings } = datasourceCheck.parse(await client.call({ method: 'POST', path }))
      const isPoor = findings.some(({ severity }) => severity === 'warning')
      const detail = [kind, ...findings.filter(({ severity }) => severity !== 'info').map((finding) => finding.detail)]
      return { what: `datasource ${name}`, health: ok ? (isPoor ? 'poor' : 'ok') : 'bad', detail: detail.join('; ') }
    }),
  )
}

async function missionLines(client: ApiClient): Promise<StatusLine[]> {
  const missions = await listMissions(client)
  const counts = new Map<string, number>()
  for (const { status: state } of missions)
    counts.set(state?.state ?? 'unknown', (counts.get(state?.state ?? 'unknown') ?? 0) + 1)
  const failing = missions.filter(({ status: state }) => state?.state === 'failing').map(({ id }) => id)
  const states = [...counts].map(([state, count]) => `${count} ${state}`)
  const unchecked = missions.filter(({ status: state }) => state?.unchecked).map(({ id }) => id)
  const withoutAlerts = missions.filter(({ status: state }) => state?.alertsOff).length
  const silent = missions
    .filter(({ status: state }) => state?.state === 'active' && hasNoData(state.series))
    .map(({ id }) => id)
  const fallbacks = missions.map(fallbackCodes).filter((codes) => codes.length > 0)
  const quiet = withoutAlerts > 0 ? [`alerts of ${withoutAlerts} off by calendars`] : []
  const detail = [states.join(', ') || 'none', ...quiet].join(', ')
  const named = [
    ...namedIds('failing', failing),
    ...namedIds('query not checked yet', unchecked),
    ...namedIds('no series have data', silent),
    ...fallbackTexts(fallbacks),
  ]
  const numbers = {
    total: missions.length,
    ...Object.fromEntries(counts),
    unchecked: unchecked.length,
    ...(withoutAlerts > 0 && { alertsOff: withoutAlerts }),
    fallback: fallbacks.length,
  }
  const health = named.length > 0 ? 'poor' : 'ok'
  return [{ what: 'missions', health, detail: [detail, ...named].join('; '), numbers }]
}

/** After a detect run: its query answered nothing, which a misspelt metric does as well. */
function hasNoData(series: Readonly<Record<string, number>> | undefined): boolean {
  return series !== undefined && Object.entries(series).every(([state, count]) => state === 'no_data' || count === 0)
}

/** Why a mission lives on its fall-back, where somebody should do something about it: a history that is short grows. */
function fallbackCodes({ status: state }: Mission): string[] {
  if (!state?.fallback || state.state === 'paused') return []
  const codes = state.fallback.split(' ').map((reason) => reason.replace(/^fallback:/, ''))
  return codes.filter((code) => code !== 'SHORT_CONTEXT')
}

/** `3 on their fall-back: MODEL_MISSING`. */
function fallbackTexts(fallbacks: readonly string[][]): string[] {
  const count = fallbacks.length
  if (count === 0) return []
  return [`${count} on ${count === 1 ? 'its' : 'their'} fall-back: ${[...new Set(fallbacks.flat())].sort().join(', ')}`]
}

function namedIds(what: string, ids: readonly string[]): string[] {
  return ids.length === 0 ? [] : [`${what}: ${ids.slice(0, 5).join(', ')}${ids.length > 5 ? '...' : ''}`]
}

function worst(lines: readonly StatusLine[]): StatusLine['health'] {
  if (lines.some(({ health }) => health === 'bad')) return 'bad'
  return lines.some(({ health }) => health === 'poor') ? 'poor' : 'ok'
}
