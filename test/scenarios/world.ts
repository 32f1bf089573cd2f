import { setTimeout as sleep } from 'node:timers/promises'
import type { StoredSeries } from './store-audit.ts'

export const minuteMs = 60_000
export const hourMs = 60 * minuteMs
export const dayMs = 24 * hourMs

/** Full hour about eight hours ago: all that scenarios play in the "future" is past for the store, which takes it. */
export const startMs = Math.floor(Date.now() / hourMs) * hourMs - 8 * hourMs

export interface LiveSeries {
  readonly host: string
  /** First instant with a value; default: for ever. */
  readonly fromMs?: number
}

/** Two that are always there, and six that appear one by one, five minutes apart. */
export const hosts: readonly LiveSeries[] = [
  ...[{ host: 'a' }, { host: 'b' }],
  ...['c', 'd', 'e', 'f', 'g', 'h'].map((host, i) => ({ host, fromMs: startMs + (30 + 5 * i) * minuteMs })),
]

/** A quiet day curve with a little noise, the same at whatever hour it plays: nothing of it should score far above 1. */
export function loadAt(host: string, atMs: number): number {
  const ms = atMs - startMs
  const level = 100 * (1 + host.charCodeAt(0) - 'a'.charCodeAt(0))
  return level + 20 * Math.sin((2 * Math.PI * ms) / dayMs) + noise(host.charCodeAt(0) * 7 + ms / minuteMs)
}

/** Within one of zero, the same for the same seed. */
function noise(seed: number): number {
  const x = Math.sin(seed * 12.9898) * 43_758.5453
  return 2 * (x - Math.floor(x)) - 1
}

/** Writes `load{host}` once a minute, three days of history and seven hours of what the scenario will see. */
export async function writeLoad(url: string, series: readonly LiveSeries[] = hosts): Promise<void> {
  const load = series.map(({ host, fromMs = startMs - 3 * dayMs }) => {
    const timestampsMs: number[] = []
    for (let ms = Math.max(fromMs, startMs - 3 * dayMs); ms <= startMs + 7 * hourMs; ms += minuteMs)
      timestampsMs.push(ms)
    const values = timestampsMs.map((ms) => loadAt(host, ms))
    return { labels: { __name__: 'load', host }, timestampsMs, values }
  })
  await importSeries(url, load)
}

/** The other way round of `exportSeries`: queries see the samples when it is done. */
export async function importSeries(url: string, series: readonly StoredSeries[]): Promise<void> {
  const lines = series.map(({ labels, timestampsMs, values }) =>
    JSON.stringify({ metric: labels, timestamps: timestampsMs, values }),
  )
  const response = await fetch(`${url}/api/v1/import`, { method: 'POST', body: lines.join('\n') })
  if (!response.ok) throw new Error(`import: ${response.status} ${await response.text()}`)
  await flushStore(url)
}

/**
 * Waits until a selector that once found nothing finds series: VictoriaMetrics remembers what a selector found for up
 * to ten seconds, which is hours of a simulated clock.
 */
export async function queryable(url: string, selector: string, atMs: number): Promise<void> {
  const form = new URLSearchParams({ query: `count(${selector})`, time: `${atMs / 1_000}`, nocache: '1' })
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(200)) {
    const answer = await fetch(`${url}/api/v1/query`, { method: 'POST', body: form })
    if ((await answer.text()).includes('"value"')) return
  }
  throw new Error(`${selector} does not become visible`)
}

/** Makes what was just written visible to queries. */
export async function flushStore(url: string): Promise<void> {
  await fetch(`${url}/internal/force_flush`)
}
