import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { createForecasters } from '../../models/registry.ts'
import { startRedis, startVictoriaMetrics } from '../../scheduler/stack/servers.ts'
import { createForecastCache } from '../../tasks/cache/forecast-cache.ts'
import type { Deps } from '../../tasks/deps.ts'
import { type Datasource, datasourceConfig, resolveDatasource } from '../../tasks/prometheus/datasource.ts'
import { type DatasourceHttp, datasourceHttp } from '../../tasks/prometheus/http-client.ts'
import { createQueryClient, type QueryClient } from '../../tasks/prometheus/query/query-client.ts'
import { createRemoteWriter } from '../../tasks/prometheus/write/remote-write-client.ts'

/** Real Redis and VictoriaMetrics, and what flows need of them. */
export interface Rig {
  readonly deps: Deps
  readonly redis: Redis
  readonly dir: string
  readonly store: StoreConnection
  close(): Promise<void>
}

/** A store as runs see it. */
export interface StoreConnection {
  readonly url: string
  readonly datasource: Datasource
  readonly http: DatasourceHttp
  readonly reader: QueryClient
}

export function connectStore(url: string): StoreConnection {
  const config = { name: 'bench', kind: 'victoriametrics', readUrl: url, timeout: '120s' }
  const datasource = resolveDatasource(datasourceConfig.parse(config))
  const http = datasourceHttp(datasource)
  return { url, datasource, http, reader: createQueryClient(datasource, http) }
}

export async function openRig(): Promise<Rig> {
  const dir = mkdtempSync(join(tmpdir(), 'anomaly-times-bench-'))
  const [server, cacheServer] = await Promise.all([startVictoriaMetrics({ dir }), startRedis({ dir })])
  const store = connectStore(server.url)
  const { datasource, http } = store
  const redis = new Redis(cacheServer.url)
  const forecasters = createForecasters()
  const deps: Deps = {
    reader: store.reader,
    writer: createRemoteWriter({ datasource, http, futureWrites: true, now: Date.now }),
    cache: createForecastCache({ redis, now: Date.now }),
    marks: { claim: async ({ owned }) => ({ steps: owned, undrawnOnly: undefined }) },
    forecasters,
    metrics: { fallbackUsed() {}, inference() {}, cacheLookup() {}, covariatesMissing() {} },
    signal: new AbortController().signal,
  }
  return {
    ...{ deps, redis, dir, store },
    async close() {
      await Promise.all([http.close(), forecasters.close()])
      redis.disconnect()
      await Promise.all([server.stop(), cacheServer.stop()])
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
