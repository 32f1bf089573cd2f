import { AppError } from '../../models/errors.ts'
import type { RedisClient } from '../../tasks/cache/redis.ts'
import type { SeriesWriter } from '../../tasks/deps.ts'
import { type Datasource, resolveDatasource } from '../../tasks/prometheus/datasource.ts'
import { type DatasourceHttp, datasourceHttp } from '../../tasks/prometheus/http-client.ts'
import { labelCache } from '../../tasks/prometheus/query/label-cache.ts'
import { createQueryClient, type QueryClient } from '../../tasks/prometheus/query/query-client.ts'
import { requestSlots } from '../../tasks/prometheus/request-slots.ts'
import { confirmVictoriaMetrics } from '../../tasks/prometheus/write/capabilities.ts'
import {
  backfillReachMs,
  decideFutureWrites,
  type FutureWrites,
  type FutureWritesMemory,
  type FutureWritesQuestion,
} from '../../tasks/prometheus/write/future-writes.ts'
import { createRemoteWriter } from '../../tasks/prometheus/write/remote-write-client.ts'
import type { DatasourceDirectory } from '../api/deps.ts'
import type { Config } from '../config.ts'
import type { Metrics } from '../process/metrics.ts'
import { observedHttp } from '../process/task-metrics.ts'
import { checkDatasource } from './check-datasource.ts'

export interface OpenDatasource {
  readonly datasource: Datasource
  readonly reader: QueryClient
  readonly writer: SeriesWriter
}

/** Every configured datasource with its clients, opened once per process. */
export interface Datasources extends DatasourceDirectory {
  /** Of those that the tenant may use; the first without a name. */
  find(tenant: string, name: string | undefined): Datasource | undefined
  /** As that tenant may use it. @throws NOT_FOUND; STORE_UNAVAILABLE while the write target has not said what it is. */
  open(tenant: string, name: string): Promise<OpenDatasource>
  /** Every query is held to the tenant's matchers. @throws NOT_FOUND */
  reader(tenant: string, name: string): QueryClient
  /** How old samples may be that it takes. @throws NOT_FOUND; STORE_UNAVAILABLE while the store has not said what it is. */
  backfillReachMs(name: string): Promise<number>
  /** Whether backfills can write samples of this age there. @throws as `backfillReachMs`. */
  takesOldSamples(name: string, ageMs: number): Promise<boolean>
  close(): Promise<void>
}

export interface DatasourcesOptions {
  readonly config: Pick<Config, 'datasources'>
  readonly metrics: Metrics
  readonly memory: FutureWritesMemory
  readonly now: () => number
}

interface Entry {
  readonly datasource: Datasource
  readonly http: DatasourceHttp
  readonly reader: QueryClient
  /** Tenants with matchers of their own have clients of their own, with the same slots. */
  readonly tenantReaders: ReadonlyMap<string, QueryClient>
  /** Made once the write target is known; asked again after a failure. */
  writer?: Promise<SeriesWriter>
}

export function openDatasources(options: DatasourcesOptions): Datasources {
  const entries = options.config.datasources.map((config) => openEntry(resolveDatasource(config), options))
  const entryOf = (name: string, among: readonly Entry[] = entries): Entry => {
    const entry = among.find(({ datasource }) => datasource.name === name)
    if (entry) return entry
    const names = among.map(({ datasource }) => datasource.name).join(', ')
    throw new AppError('NOT_FOUND', `no datasource "${name}"; there is ${names || 'none'}`)
  }
  const reachOf = async (name: string) => backfillReachMs(question(entryOf(name), options.memory))
  return {
    find: (tenant, name) =>
      usableBy(entries, tenant).find(({ datasource }) => name === undefined || datasource.name === name)?.datasource,
    reader: (tenant, name) => readerOf(entryOf(name), tenant),
    async open(tenant, name) {
      const entry = entryOf(name)
      return { datasource: entry.datasource, reader: readerOf(entry, tenant), writer: await writerOf(entry, options) }
    },
    backfillReachMs: reachOf,
    takesOldSamples: async (name, ageMs) => ageMs <= (await reachOf(name)),
    list: (tenant) =>
      usableBy(entries, tenant).map(({ datasource: { name, kind, futureWrites } }) => ({ name, kind, futureWrites })),
    async check(tenant, name, signal) {
      const entry = entryOf(name, usableBy(entries, tenant))
      const futureWrites = () => decide(entry, options.memory)
      return checkDatasource({ ...entry, futureWrites }, options.now(), signal)
    },
    close: async () => {
      await Promise.all(entries.map(({ http }) => http.close()))
    },
  }
}

const usableBy = (entries: readonly Entry[], tenant: string): Entry[] =>
  entries.filter(({ datasource: { tenants } }) => tenants === undefined || tenants.includes(tenant))

function openEntry(datasource: Datasource, { metrics, now }: DatasourcesOptions): Entry {
  const http = observedHttp(datasourceHttp(datasource), datasource.name, metrics)
  const shared = { now, slots: requestSlots(datasource.requestSlots), labels: labelCache() }
  const clientWith = (matchers: readonly string[]) =>
    createQueryClient({ ...datasource, enforcedMatchers: [...datasource.enforcedMatchers, ...matchers] }, http, shared)
  const tenantReaders = Object.entries(datasource.tenantMatchers).map(
    ([tenant, matchers]) => [tenant, clientWith(matchers)] as const,
  )
  return { datasource, http, reader: clientWith([]), tenantReaders: new Map(tenantReaders) }
}

const readerOf = ({ reader, tenantReaders }: Entry, tenant: string): QueryClient => tenantReaders.get(tenant) ?? reader

async function writerOf(entry: Entry, options: DatasourcesOptions): Promise<SeriesWriter> {
  entry.writer ??= makeWriter(entry, options).catch((error: unknown) => {
    delete entry.writer
    throw error
  })
  return entry.writer
}

async function makeWriter(
  { datasource, http }: Entry,
  { memory, metrics, now }: DatasourcesOptions,
): Promise<SeriesWriter> {
  const futureWrites = (await decide({ datasource, http }, memory)) === 'native'
  const writer = createRemoteWriter({ datasource, http, futureWrites, now })
  const ds = datasource.name
  return {
    futureWrites,
    async write(blocks, signal) {
      const report = await writer.write(blocks, signal)
      metrics.written.inc({ ds }, report.written)
      metrics.dropped.inc({ ds, reason: 'known_or_old' }, report.dropped)
      metrics.dropped.inc({ ds, reason: 'rejected' }, report.rejected.length)
      return report
    },
  }
}

const decide = (entry: Pick<Entry, 'datasource' | 'http'>, memory: FutureWritesMemory): Promise<FutureWrites> =>
  decideFutureWrites(question(entry, memory))

function question(
  { datasource, http }: Pick<Entry, 'datasource' | 'http'>,
  memory: FutureWritesMemory,
): FutureWritesQuestion {
  return {
    ...{ datasource, memory },
    confirmVictoriaMetrics: (signal) => confirmVictoriaMetrics(http, datasource.writeUrl, signal),
  }
}

/** Decided once per datasource, for all processes. */
export function futureWritesMemory(redis: RedisClient): FutureWritesMemory {
  const key = '{at}:future-writes'
  return {
    load: async (name) => ((await redis.hget(key, name)) as FutureWrites | null) ?? undefined,
    save: async (name, decision) => {
      await redis.hset(key, name, decision)
    },
  }
}

/** Decided once per process. */
export function futureWritesInMemory(): FutureWritesMemory {
  const decisions = new Map<string, FutureWrites>()
  return {
    load: async (name) => decisions.get(name),
    save: async (name, decision) => void decisions.set(name, decision),
  }
}
