import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { createForecasters } from '../../models/registry.ts'
import { startRedis, startVictoriaMetrics } from '../../scheduler/stack/servers.ts'
import { createForecastCache } from '../../tasks/cache/forecast-cache.ts'
import type { Deps } from '../../tasks/deps.ts'
import { datasourceConfig, resolveDatasource } from '../../tasks/prometheus/datasource.ts'
import { type DatasourceHttp, datasourceHttp } from '../../tasks/prometheus/http-client.ts'
import { createQueryClient } from '../../tasks/prometheus/query/query-client.ts'
import { createRemoteWriter } from '../../tasks/prometheus/write/remote-write-client.ts'

/** Real Redis and VictoriaMetrics, and what flows need of them. */
export interface Rig {
  readonly deps: Deps
  /** The connections of `deps`. */
  readonly http: DatasourceHttp
  readonly redis: Redis
  readonly storeUrl: string
  close(): Promise<void>
}

export async function openRig(): Promise<Rig> {
  const dir = mkdtempSync(join(tmpdir(), 'anomaly-times-bench-'))
  const [store, cacheServer] = await Promise.all([startVictoriaMetrics({ dir }), startRedis({ dir })])
  const config = { name: 'bench', kind: 'victoriametrics', readUrl: store.url, timeout: '120s' }
  const datasource = resolveDatasource(datasourceConfig.parse(config))
  const http = datasourceHttp(datasource)
  const redis = new Redis(cacheServer.url)
  const forecasters = createForecasters()
  const deps: Deps = {
    reader: createQueryClient(datasource, http),
    writer: createRemoteWriter({ datasource, http, futureWrites: true, now: Date.now }),
    cache: createForecastCache({ redis, now: Date.now }),
    marks: { claim: async ({ owned }) => ({ steps: owned, undrawnOnly: undefined }) },
    forecasters,
    metrics: { fallbackUsed() {}, inference() {}, cacheLookup() {} },
    signal: new AbortController().signal,
  }
  return {
    ...{ deps, http, redis, storeUrl: store.url },
    async close() {
      await Promise.all([http.close(), forecasters.close()])
      redis.disconnect()
      await Promise.all([store.stop(), cacheServer.stop()])
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
