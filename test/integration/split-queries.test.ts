import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Labels, type Panel, seriesId } from '../../models/series.ts'
import { type Server, startPrometheus, startVictoriaMetrics } from '../../scheduler/stack/servers.ts'
import type { SeriesPart } from '../../tasks/deps.ts'
import { type Datasource, datasourceConfig, resolveDatasource } from '../../tasks/prometheus/datasource.ts'
import { type DatasourceHttp, datasourceHttp } from '../../tasks/prometheus/http-client.ts'
import { narrowQuery } from '../../tasks/prometheus/query/narrow-query.ts'
import { createQueryClient, type QueryClient } from '../../tasks/prometheus/query/query-client.ts'
import { createRemoteWriter } from '../../tasks/prometheus/write/remote-write-client.ts'
import { planShards } from '../../tasks/shards/plan-shards.ts'

const dir = mkdtempSync(join(tmpdir(), 'anomaly-times-parts-'))
afterAll(() => rmSync(dir, { recursive: true }))

const minuteMs = 60_000
const length = 12
const endMs = Math.floor(Date.now() / minuteMs) * minuteMs - 2 * minuteMs
const range = { startMs: endMs - 3 * minuteMs, endMs, stepMs: minuteMs }
const timestampsMs = Array.from({ length }, (_, i) => endMs - (length - 1 - i) * minuteMs)

/** Each means something in an expression, in a text between quotes or on the way there. */
const known = [
  ...['a', 'ab', 'a.b', 'a|b', '(a', '[a-z]', 'a*', '^a$', '\\', '\\d+', '"', "'", '`', '{a="b"}'],
  ...['a,b', ' ', 'a\nb', 'a\tb', '\u0001', '\u2028', 'größe', '日本 🚀', '%41', '$1', '-', '#'],
]
/** By the others the store is not asked. */
const askable = known.filter((shop) => shop !== '\u0001')
/** Some lack the label. */
const shops = [...known, '']
const pods = 4
const names = ['load', 'spare_load']
const stored: readonly Labels[] = names.flatMap((__name__) =>
  shops.flatMap((shop) => Array.from({ length: pods }, (_, n) => ({ __name__, pod: `p${n}`, ...(shop && { shop }) }))),
)
const perName = stored.length / names.length

const open: DatasourceHttp[] = []
afterAll(() => Promise.all(open.map((http) => http.close())))

interface Store {
  readonly datasource: Datasource
  readonly client: QueryClient
}

async function filled(server: Server): Promise<Store> {
  const datasource = resolveDatasource(datasourceConfig.parse({ name: 'main', readUrl: server.url }))
  const http = datasourceHttp(datasource)
  open.push(http)
  const writer = createRemoteWriter({ datasource, http, futureWrites: false, now: Date.now })
  for (const [i, { __name__: name = '', ...labels }] of stored.entries()) {
    const values = Float64Array.from(timestampsMs, (_, step) => i + step * (i + 1))
    await writer.write([{ name, series: [{ id: seriesId(labels), labels }], timestampsMs, values }])
  }
  return { datasource, client: createQueryClient(datasource, http) }
}

const byId = ({ series }: Panel) => series.map(({ labels, values }) => [seriesId(labels), ...values]).sort()

/** Each series of the whole is in one part, with its values; returns how many each part has. */
async function expectWhole(client: QueryClient, query: string, parts: readonly SeriesPart[]): Promise<number[]> {
  const whole = await client.queryRange({ query, ...range })
  const panels = await Promise.all(parts.map((part) => client.queryRange({ query, ...range, part })))
  expect(panels.flatMap(byId).sort()).toEqual(byId(whole))
  return panels.map(({ series }) => series.length)
}

const bySeries = ['load', 'rate(load[5m])', '(max_over_time(load{pod!="p0"}[3m] offset 1m)) # why', '{pod=~"p.+"}']
const mixed = [
  'sum by (pod, shop) (rate(load[5m]))',
  'load + on (pod, shop) spare_load',
  'topk by (shop) (3, load)',
  'sum by (shop) (load) > 5 or sum by (pod) (load)',
  'label_replace(load, "area", "$1", "shop", "(.*)")',
]
const metricsQl = ['WITH (x = load) sum(x) by (pod, shop)', '(load, spare_load)', 'rate(load) keep_metric_names']

interface Expected {
  readonly queries: readonly string[]
  /** Those of which the store sends the series of a part alone. */
  readonly narrowed: readonly string[]
  readonly victoriaMetrics: boolean
}

/** What holds for every store. */
function contract(store: () => Store, { queries, narrowed, victoriaMetrics }: Expected): void {
  test.each(queries)('each series is in one part, and has the values of the whole: %s', async (query) => {
    const { client } = store()
    const { series } = await client.queryRange({ query, ...range, startMs: endMs })
    const perShard = Math.ceil(series.length / 3)
    const planned = planShards(
      series.map(({ labels }) => labels),
      { perShard },
    )
    const plans: SeriesPart[][] = [
      planned.map(({ part }) => part),
      [
        { label: 'shop', values: known.slice(0, 9) },
        { label: 'shop', values: known.slice(9) },
        { label: 'shop', values: known, isRest: true },
      ],
      [0, 1, 2].map((hash) => ({ hash, of: 3 })),
    ]
    for (const parts of plans) {
      const counts = await expectWhole(client, query, parts)
      expect([counts.length, Math.min(...counts) > 0]).toEqual([3, true])
    }
  })

  test.each(narrowed)('the store sends the series of a part alone: %s', async (query) => {
    const { datasource, client } = store()
    const parts = [
      ...askable.map((shop) => ({ label: 'shop', values: [shop] })),
      { label: 'shop', values: askable },
      { label: 'shop', values: askable, isRest: true },
    ]
    for (const part of parts) {
      const wanted = await client.queryRange({ query, ...range, part })
      const sent = narrowQuery({ datasource, victoriaMetrics }, { query }, part)
      expect(sent.query).not.toBe(query)
      expect(byId(await client.queryRange({ ...sent, ...range }))).toEqual(byId(wanted))
    }
  })

  test('names of metrics are labels as others', async () => {
    const query = '{pod=~"p.+"}'
    const parts = [
      { label: '__name__', values: ['load'] },
      { label: '__name__', values: ['load'], isRest: true },
    ]
    expect(await expectWhole(store().client, query, parts)).toEqual([perName, perName])
  })
}

describe('VictoriaMetrics', () => {
  let store: Store & { readonly server: Server }
  beforeAll(async () => {
    const server = await startVictoriaMetrics({ dir })
    store = { server, ...(await filled(server)) }
    await fetch(`${server.url}/internal/force_flush`)
  })
  afterAll(() => store.server.stop())

  const queries = [...bySeries, ...mixed, ...metricsQl]
  contract(() => store, { queries, narrowed: queries, victoriaMetrics: true })
})

describe('Prometheus', () => {
  let store: Store & { readonly server: Server }
  beforeAll(async () => {
    const configFile = join(dir, 'prometheus.yml')
    writeFileSync(configFile, '{}')
    const server = await startPrometheus({ dir, configFile })
    store = { server, ...(await filled(server)) }
  })
  afterAll(() => store.server.stop())

  contract(() => store, { queries: [...bySeries, ...mixed], narrowed: bySeries, victoriaMetrics: false })
})
