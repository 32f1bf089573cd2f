import type { Datasource } from './datasource.ts'
import type { DatasourceHttp } from './http-client.ts'
import { confirmVictoriaMetrics } from './write/capabilities.ts'

const askAgainMs = 60_000

/**
 * Whether a datasource answers MetricsQL. Kind `auto` is asked once; while the store does not say, it counts as any
 * Prometheus, and is asked again a minute later.
 */
export function storeKind(datasource: Datasource, http: DatasourceHttp, now: () => number): () => Promise<boolean> {
  if (datasource.kind !== 'auto') return async () => datasource.kind === 'victoriametrics'
  let asked: Promise<boolean> | undefined
  let askAgainFromMs = Number.POSITIVE_INFINITY

  async function ask(): Promise<boolean> {
    const confirmation = await confirmVictoriaMetrics(http, datasource.readUrl)
    if (confirmation === 'unknown') askAgainFromMs = now() + askAgainMs
    return confirmation === 'yes'
  }

  return () => {
    if (asked && now() < askAgainFromMs) return asked
    askAgainFromMs = Number.POSITIVE_INFINITY
    asked = ask()
    return asked
  }
}
