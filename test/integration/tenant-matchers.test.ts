import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toAppError } from '../../models/errors.ts'
import { identifySeries, seriesId } from '../../models/series.ts'
import { type Datasources, openDatasources } from '../../scheduler/datasources/datasources.ts'
import { newestTimestamp } from '../../scheduler/execution/read-marks.ts'
import { createMetrics } from '../../scheduler/process/metrics.ts'
import { type Server, startPrometheus, startVictoriaMetrics } from '../../scheduler/stack/servers.ts'
import { outputSelector } from '../../tasks/panel/output-selector.ts'
import { datasourceConfig } from '../../tasks/prometheus/datasource.ts'
import { readDrawnBand } from '../../tasks/publish/read-drawn-band.ts'

const dir = mkdtempSync(join(tmpdir(), 'tenant-matchers-'))
afterAll(() => rmSync(dir, { recursive: true }))

const stepMs = 60_000
const endMs = Math.floor(Date.now() / stepMs) * stepMs - 2 * stepMs
const startMs = endMs - 4 * stepMs
const timestampsMs = Array.from({ length: 5 }, (_, i) => startMs + i * stepMs)
const range = { startMs, endMs, stepMs }

/** Theirs is a thousand times ours: whatever is made of it shows. */
const stored = [
  { labels: { ns: 'ours', env: 'prod', job: 'a' }, value: 1 },
  { labels: { ns: 'ours', env: 'test', job: 'a' }, value: 1_000 },
  { labels: { ns: 'theirs', env: 'prod', job: 'a' }, value: 1_000 },
]

/** Ways around matchers, or to a query that looks as if it held them. */
const attempts = [
  'load',
  'load{ns="theirs"}',
  'load{ns=~".+"}',
  'load{ns!="ours"}',
  '{job="a"}',
  '{__name__=~"lo.*"}',
  '{__name__="load", ns="theirs"}',
  '{"load"}',
  '{"load", ns="theirs"}',
  "load{ns='theirs',}",
  'load{}',
  'load # {',
  'load # }{ns="theirs"}\n',
  'load # comment\n{ns="theirs"}',
  'load{ # ns="ours"}\nns="theirs"}',
  'load{job="a" # "}\n, ns="theirs"}',
  'load{job=~"a|\\"}#"}',
  'load{job=~`a|"`}',
  'load or load{ns="theirs"}',
  'load{ns="theirs"} or vector(0)',
  'load unless on() absent(load{ns="theirs"})',
  'load{ns="theirs"} offset 1m',
  'load @ end()',
  'max_over_time(load{ns="theirs"}[5m])',
  'max_over_time(load[5m:1m])',
  'max_over_time((load or load{ns="theirs"})[5m:1m] offset 1m)',
  'sum(load)',
  'sum by (ns) (load)',
  'label_replace(load, "ns", "ours", "", "")',
  'load * on (job) group_left(ns) load{ns="theirs"}',
  'scalar(load{ns="theirs"})',
  'absent(load{ns="ours"}) or load',
  'topk(5, load)',
  'load{ns="theirs"}[5m]',
  // MetricsQL
  'WITH (x = load{ns="theirs"}) x',
  'WITH (f(q) = sum(q)) f(load)',
  'WITH (m = {ns="theirs"}) load{m}',
  'WITH (ns = "theirs", q = load{ns=ns}) q or load',
  'load{ns="ours" or ns="theirs"}',
  '{ns="theirs" or job="a"}',
  'union(load, load{ns="theirs"})',
  'alias(load{ns="theirs"}, "x")',
  'label_set(load, "ns", "ours")',
  'load default 0',
  'load{ns="theirs"} default 0',
  '{__graphite__="load"}',
  'sum(load) limit 5',
  'rollup(load{ns="theirs"}[5m])',
  'load[5m] or load{ns="theirs"}[5m]',
  'any(load)',
  'load&extra_filters[]={ns="theirs"}',
]

const stores: { readonly name: string; readonly start: () => Promise<Server> }[] = [
  { name: 'victoriametrics', start: () => startVictoriaMetrics({ dir }) },
  {
    name: 'prometheus',
    start: () => {
      const configFile = join(dir, 'prometheus.yml')
      writeFileSync(configFile, '')
      return startPrometheus({ dir, configFile })
    },
  },
]

describe.each(stores)('on a $name that tenants share', ({ name, start }) => {
  let server: Server
  let datasources: Datasources
  beforeAll(async () => {
    server = await start()
    const config = datasourceConfig.parse({
      ...{ name: 'shared', kind: name, readUrl: server.url, enforcedMatchers: ['env="prod"'] },
      tenantMatchers: { red: ['ns="ours"'] },
    })
    datasources = openDatasources({
      config: { datasources: [config] },
      metrics: createMetrics(),
      memory: { load: async () => 'deferred', save: async () => undefined },
      now: Date.now,
    })
    const { writer } = await datasources.open('default', 'shared')
    for (const { labels, value } of stored) {
      const series = [{ id: seriesId(labels), labels }]
      await writer.write([{ name: 'load', series, timestampsMs, values: new Float64Array(5).fill(value) }])
    }
    for (const tenant of ['red', 'blue']) {
      const series = identifySeries([{ labels: {} }], { tenant, mission: 'total' })
      const band = new Float64Array(5).fill(tenant === 'red' ? 1 : 1_000)
      for (const name of ['anomaly_pred', 'anomaly_lower', 'anomaly_upper', 'anomaly_score'])
        await writer.write([{ name, series, timestampsMs, values: band }])
    }
    // Prometheus shows what it took at once, and knows no such path
    await fetch(`${server.url}/internal/force_flush`)
    expect(await values('blue', 'load{ns="theirs"}')).toHaveLength(5)
  })
  afterAll(async () => {
    await datasources.close()
    await server.stop()
  })

  /** Every value of every series; none where the store or we refuse the query. */
  async function values(tenant: string, query: string): Promise<number[]> {
    try {
      const { series } = await datasources.reader(tenant, 'shared').queryRange({ query, ...range })
      return series.flatMap((each) => [...each.values]).filter(Number.isFinite)
    } catch (error) {
      expect(['QUERY_REJECTED', 'QUERY_FAILED', 'UNSUPPORTED', 'LABEL_COLLISION']).toContain(toAppError(error).code)
      return []
    }
  }

  test('a tenant has its own matchers beside those of the datasource', async () => {
    expect(new Set(await values('red', 'load'))).toEqual(new Set([1]))
    expect(new Set(await values('blue', 'load'))).toEqual(new Set([1, 1_000]))
    expect(await values('blue', 'load{env="test"}')).toEqual([])
  })

  test('a mission finds the band that it drew, which lacks the labels that its query aggregates away', async () => {
    const reader = datasources.reader('red', 'shared')
    const { signal } = new AbortController()
    const mission = { tenant: 'red', mission: 'total' }
    const gridMs = timestampsMs
    const drawn = await readDrawnBand({ reader, signal }, { mission, gridMs, stepMs })
    expect([...(drawn?.bands.values() ?? [])].flatMap(({ pred }) => [...pred])).toEqual([1, 1, 1, 1, 1])
    const selector = outputSelector('anomaly_score', mission)
    expect(await newestTimestamp(reader, { selector, untilMs: endMs + stepMs, signal })).toBe(endMs)
  })

  test.each(['anomaly_pred', 'anomaly_pred{tenant="blue"}', 'anomaly_pred{mission="total",tenant="blue"}'])(
    '%s in the query of a tenant reaches no output of others',
    async (query) => {
      expect(await values('red', query)).toEqual([])
    },
  )

  test.each(attempts)('%s is no query of ours', async (query) => {
    const reader = datasources.reader('red', 'shared')
    await expect(reader.queryRange({ query, ...range, ownOutputs: true })).rejects.toMatchObject({ code: 'INTERNAL' })
  })

  test.each(attempts)('%s reaches nothing of others', async (query) => {
    expect(Math.max(0, ...(await values('red', query)))).toBeLessThan(100)
  })
})
