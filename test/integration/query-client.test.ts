import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { type Labels, type Panel, seriesId } from '../../models/series.ts'
import { answersNothing } from '../../scheduler/datasources/answers-nothing.ts'
import { type Server, startPrometheus, startVictoriaMetrics } from '../../scheduler/stack/servers.ts'
import { type Datasource, datasourceConfig, resolveDatasource } from '../../tasks/prometheus/datasource.ts'
import { type DatasourceHttp, datasourceHttp } from '../../tasks/prometheus/http-client.ts'
import { createQueryClient, type QueryClient } from '../../tasks/prometheus/query/query-client.ts'
import { confirmVictoriaMetrics, readDedupInterval } from '../../tasks/prometheus/write/capabilities.ts'
import { createRemoteWriter } from '../../tasks/prometheus/write/remote-write-client.ts'

const dir = mkdtempSync(join(tmpdir(), 'anomaly-times-read-'))
afterAll(() => rmSync(dir, { recursive: true }))

const minuteMs = 60_000
const endMs = Math.floor(Date.now() / minuteMs) * minuteMs - 2 * minuteMs
const length = 20
const startMs = endMs - (length - 1) * minuteMs
const timestampsMs = Array.from({ length }, (_, i) => startMs + i * minuteMs)
const range = { startMs, endMs, stepMs: minuteMs }
const gap = Number.NaN

/** What both stores hold. VictoriaMetrics keeps some 12 digits, the same in one block, so no value has more. */
const stored: readonly { readonly name: string; readonly labels: Labels; readonly values: readonly number[] }[] = [
  { name: 'requests', labels: { job: 'a' }, values: timestampsMs.map((_, i) => 100 + i / 4) },
  { name: 'requests', labels: { job: 'b', weg: 'größe "x"\\日本 🚀' }, values: timestampsMs.map((_, i) => -(2 ** i)) },
  { name: 'anomaly_score', labels: { job: 'a', mission: 'm' }, values: timestampsMs.map(() => 0.5) },
  { name: 'anomaly_times_runs_total', labels: { job: 'self' }, values: timestampsMs.map((_, i) => i) },
]

type Input = Partial<z.input<typeof datasourceConfig>>

const open: DatasourceHttp[] = []
afterAll(() => Promise.all(open.map((http) => http.close())))

function connect(server: Server, input: Input = {}, change: Partial<Datasource> = {}) {
  const parsed = datasourceConfig.parse({ name: 'main', readUrl: server.url, ...input })
  const datasource = { ...resolveDatasource(parsed), ...change }
  const http = datasourceHttp(datasource)
  open.push(http)
  return { datasource, http, client: createQueryClient(datasource, http) }
}

async function fill(server: Server): Promise<void> {
  const { datasource, http } = connect(server)
  const writer = createRemoteWriter({ datasource, http, futureWrites: false, now: Date.now })
  for (const { name, labels, values } of stored) {
    const series = [{ id: seriesId(labels), labels }]
    await writer.write([{ name, series, timestampsMs, values: Float64Array.from(values) }])
  }
  // ends at its tenth step, by a stale marker
  const gone = { name: 'gone', series: [{ id: seriesId({}), labels: {} }] }
  await writer.write([{ ...gone, timestampsMs: timestampsMs.slice(0, 10), values: new Float64Array(10).fill(1) }])
  await writer.write([{ ...gone, timestampsMs: timestampsMs.slice(10, 11), values: Float64Array.of(1), stale: true }])
}

const byJob = ({ series }: Panel) => Object.fromEntries(series.map(({ labels, values }) => [labels.job, [...values]]))
const names = ({ series }: Panel) => series.map(({ labels }) => labels.__name__).sort()

/** What holds for every store. */
function contract(store: () => { server: Server; client: QueryClient }): void {
  test('every value comes back bit for bit, under its labels', async () => {
    const panel = await store().client.queryRange({ query: 'requests', ...range })
    expect({ ...panel, series: panel.series.length }).toEqual({
      startMs,
      stepMs: minuteMs,
      length,
      series: 2,
      warnings: [],
    })
    for (const { name, labels, values } of stored.slice(0, 2)) {
      const series = panel.series.find((one) => one.labels.job === labels.job)
      expect(series?.labels).toEqual({ __name__: name, ...labels })
      expect([...(series?.values ?? [])]).toEqual(values)
    }
  })

  test('a stale marker ends a series', async () => {
    const panel = await store().client.queryRange({ query: 'gone', ...range })
    expect([...(panel.series[0]?.values ?? [])]).toEqual(timestampsMs.map((_, i) => (i < 10 ? 1 : gap)))
  })

  test('steps between samples are filled from the last one, at our instants', async () => {
    const panel = await store().client.queryRange({ query: 'requests{job="a"}', ...range, stepMs: 30_000 })
    expect(panel.length).toBe(2 * length - 1)
    expect(panel.series[0]?.values[1]).toBe(panel.series[0]?.values[0])
  })

  test('infinities and NaN are gaps', async () => {
    const query = 'sum by (job) (requests / 0)'
    expect(byJob(await store().client.queryRange({ query, ...range, endMs: startMs }))).toEqual(
      expect.objectContaining({ a: [gap] }),
    )
  })

  test('no series is an empty panel', async () => {
    expect((await store().client.queryRange({ query: 'nothing_here', ...range })).series).toEqual([])
  })

  test.each([
    { maxPoints: 11_000, points: 11_000 },
    { maxPoints: 11_000, points: 11_001 },
    { maxPoints: 11_000, points: 25_000 },
  ])('$points steps at $maxPoints a request: each exactly once', async ({ maxPoints, points }) => {
    const { client } = connect(store().server, { maxPoints })
    const lastMs = Math.floor(Date.now() / 10_000) * 10_000 - minuteMs
    const firstMs = lastMs - (points - 1) * 10_000
    const panel = await client.queryRange({ query: 'time()', startMs: firstMs, endMs: lastMs, stepMs: 10_000 })
    expect(panel.series.length).toBe(1)
    const wrong = [...(panel.series[0]?.values ?? [])].findIndex((value, i) => value * 1_000 !== firstMs + i * 10_000)
    expect([panel.length, wrong]).toEqual([points, -1])
  })

  test.each([
    { name: 'a selector without a name', query: '{job=~"a|self"}', found: ['anomaly_times_runs_total', 'requests'] },
    { name: 'a pattern of names', query: '{__name__=~"anomaly.+"}', found: ['anomaly_times_runs_total'] },
    { name: 'an output by its name', query: 'anomaly_score', found: ['anomaly_score'] },
  ])('our outputs and $name: $found', async ({ query, found }) => {
    expect(names(await store().client.queryRange({ query, ...range }))).toEqual(found)
  })

  test('allowOutputs lets them in', async () => {
    const panel = await store().client.queryRange({ query: '{job="a"}', ...range, allowOutputs: true })
    expect(names(panel)).toEqual(['anomaly_score', 'requests'])
  })

  test('excluding outputs keeps what has no name', async () => {
    const query = 'sum by (job) ({job="a"}) + 0 * sum by (job) (requests)'
    const panel = await store().client.queryRange({ query, ...range })
    expect(byJob(panel)).toEqual({ a: stored[0]?.values })
  })

  test('enforced matchers hold for every selector', async () => {
    const { client } = connect(store().server, { enforcedMatchers: ['job="b"'] })
    expect(Object.keys(byJob(await client.queryRange({ query: 'requests', ...range })))).toEqual(['b'])
    expect(Object.keys(byJob(await client.queryRange({ query: 'requests{job="a"}', ...range })))).toEqual([])
  })

  test('an instant', async () => {
    const { client } = store()
    expect(await client.queryInstant({ query: 'requests{job="a"}', timeMs: endMs })).toEqual([
      { labels: { __name__: 'requests', job: 'a' }, value: stored[0]?.values.at(-1) },
    ])
    expect(await client.queryInstant({ query: 'count(anomaly_score) * 2', timeMs: endMs, allowOutputs: true })).toEqual(
      [{ labels: {}, value: 2 }],
    )
  })

  test.each(['scalar(requests{job="a"})', '1'])('an instant %s without labels', async (query) => {
    const [value] = await store().client.queryInstant({ query, timeMs: startMs })
    expect(value).toEqual({ labels: {}, value: query === '1' ? 1 : 100 })
  })

  test.each(['sum(', 'requests{', 'no_such_function(up)', 'up +'])(
    '%s is rejected, however it is asked',
    async (query) => {
      const rejected = expect.objectContaining({
        code: 'QUERY_REJECTED',
        message: expect.stringContaining(`datasource main: query ${query}: `),
        problems: [{ pointer: '/query', detail: expect.not.stringContaining(`"${query}"`) }],
      })
      await expect(store().client.queryRange({ query, ...range })).rejects.toEqual(rejected)
      await expect(store().client.checkQuery({ query })).rejects.toEqual(rejected)
    },
  )

  test.each(['requests', 'rate(requests[5m])', 'absent(x)', '1', '{job="a"} offset 1h'])(
    '%s is a query',
    async (query) => {
      expect(await store().client.checkQuery({ query })).toBeUndefined()
    },
  )

  test.each([
    { query: 'requests # of the shop', isEmpty: false },
    { query: 'requsts', isEmpty: true },
    { query: '1', isEmpty: false },
  ])('$query answers nothing: $isEmpty', async ({ query, isEmpty }) => {
    expect(await answersNothing(store().client, { query }, startMs)).toBe(isEmpty)
  })

  test('too many series', async () => {
    await expect(store().client.queryRange({ query: 'requests', ...range, maxSeries: 1 })).rejects.toMatchObject({
      code: 'TOO_MANY_SERIES',
      message: 'datasource main: query requests: returns 2 series or more, the limit is 1',
    })
  })

  test('a compressed answer is the same', async () => {
    const { server, client } = store()
    const compressed = connect(server, {}, { headers: { 'accept-encoding': 'gzip' } })
    const plain = await client.queryRange({ query: 'requests', ...range })
    expect(await compressed.client.queryRange({ query: 'requests', ...range })).toEqual(plain)
  })
}

describe('VictoriaMetrics', () => {
  let server: Server
  let client: QueryClient
  beforeAll(async () => {
    server = await startVictoriaMetrics({ dir, extraArgs: ['-search.maxUniqueTimeseries=4'] })
    client = connect(server).client
    await fill(server)
    await fetch(`${server.url}/internal/force_flush`)
  })
  afterAll(() => server.stop())

  contract(() => ({ server, client }))

  test('is known by its endpoints, at its read and at its write URL', async () => {
    const { http, datasource } = connect(server)
    expect(await confirmVictoriaMetrics(http, datasource.readUrl)).toBe('yes')
    expect(await confirmVictoriaMetrics(http, datasource.writeUrl)).toBe('yes')
    expect(await client.isVictoriaMetrics()).toBe(true)
    expect(await readDedupInterval(http, datasource.readUrl)).toBe(1)
  })

  test.each([
    'WITH (all = {job="a"}) sum(all) by (job) default 0',
    'sum({job="a"} default 0) by (job)',
    'label_set(sum({job="a"}), "job", "a")',
  ])('answers %s without our outputs', async (query) => {
    expect(byJob(await client.queryRange({ query, ...range }))).toEqual({ a: stored[0]?.values })
  })

  test('a limit of its own is no fault of the query', async () => {
    await expect(client.queryRange({ query: '{__name__!=""}', ...range, allowOutputs: true })).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      message: expect.stringMatching(/^datasource main: query \{__name__!=""\}: HTTP 422: .*4/),
    })
  })
})

describe('Prometheus', () => {
  let server: Server
  let client: QueryClient
  beforeAll(async () => {
    const configFile = join(dir, 'prometheus.yml')
    writeFileSync(configFile, 'global: {scrape_interval: 1h}\n')
    server = await startPrometheus({ dir, configFile, extraArgs: ['--query.max-samples=30000'] })
    client = connect(server).client
    await fill(server)
  })
  afterAll(() => server.stop())

  contract(() => ({ server, client }))

  test('is no VictoriaMetrics, at its read and at its write URL', async () => {
    const { http, datasource } = connect(server)
    expect(await confirmVictoriaMetrics(http, datasource.readUrl)).toBe('no')
    expect(await confirmVictoriaMetrics(http, datasource.writeUrl)).toBe('no')
    expect(await client.isVictoriaMetrics()).toBe(false)
    expect(await readDedupInterval(http, datasource.readUrl)).toBeUndefined()
  })

  test('MetricsQL is rejected in its own words', async () => {
    await expect(client.queryRange({ query: 'requests default 0', ...range })).rejects.toMatchObject({
      code: 'QUERY_REJECTED',
      message: expect.stringContaining('bad_data: '),
    })
  })

  test.each(['up[5m]', '"a"'])('%s, an expression but none over a range, is rejected when checked', async (query) => {
    await expect(client.checkQuery({ query })).rejects.toMatchObject({
      code: 'QUERY_REJECTED',
      message: expect.stringContaining('range query'),
    })
  })

  test('a limit of its own is no fault of the query', async () => {
    const query = { query: 'rate(requests[20m:100ms])', ...range }
    await expect(client.queryRange(query)).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      message: expect.stringContaining('too many samples'),
    })
  })
})
