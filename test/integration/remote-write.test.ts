import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Labels, seriesId } from '../../models/series.ts'
import { type Server, startPrometheus, startVictoriaMetrics } from '../../scheduler/stack/servers.ts'
import type { SampleBlock, SeriesWriter } from '../../tasks/deps.ts'
import { datasourceConfig, resolveDatasource } from '../../tasks/prometheus/datasource.ts'
import { type DatasourceHttp, datasourceHttp } from '../../tasks/prometheus/http-client.ts'
import { createRemoteWriter, type RemoteWriterOptions } from '../../tasks/prometheus/write/remote-write-client.ts'

const dir = mkdtempSync(join(tmpdir(), 'anomaly-times-write-'))
const minuteMs = 60_000
const hourMs = 60 * minuteMs
const nowMs = Math.floor(Date.now() / minuteMs) * minuteMs

const clients: DatasourceHttp[] = []
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()))
  rmSync(dir, { recursive: true })
})

function writerTo(readUrl: string, options: Partial<RemoteWriterOptions> = {}): SeriesWriter {
  const datasource = resolveDatasource(datasourceConfig.parse({ name: 'main', readUrl }))
  const http = datasourceHttp(datasource)
  clients.push(http)
  return createRemoteWriter({ datasource, http, futureWrites: false, now: Date.now, ...options })
}

function block(
  name: string,
  labels: readonly Labels[],
  timestampsMs: readonly number[],
  more: Partial<SampleBlock> = {},
): SampleBlock {
  const series = labels.map((set) => ({ id: seriesId(set), labels: set }))
  const values = Float64Array.from({ length: labels.length * timestampsMs.length }, (_, i) => i)
  return { name, series, timestampsMs, values, ...more }
}

interface Found {
  readonly metric: Labels
  readonly values: readonly (readonly [number, string])[]
}

/** Raw samples, as they are stored. */
async function stored({ url }: Server, selector: string, range: string): Promise<Found[]> {
  const at = `${(nowMs + 49 * hourMs) / 1000}`
  const response = await fetch(
    `${url}/api/v1/query?${new URLSearchParams({ query: `${selector}[${range}]`, time: at })}`,
  )
  const body = (await response.json()) as { data: { result: Found[] } }
  return body.data.result
}

const instants = (found: readonly Found[]) => found.map(({ values }) => values.map(([seconds]) => seconds * 1000))
const minutesAgo = (...minutes: number[]) => minutes.map((count) => nowMs - count * minuteMs)

describe('VictoriaMetrics', () => {
  let server: Server
  beforeAll(async () => {
    server = await startVictoriaMetrics({ dir })
  })
  afterAll(() => server?.stop())

  const flush = () => fetch(`${server.url}/internal/force_flush`)

  test('stores values, labels of any alphabet and names', async () => {
    const labels = [
      { mission: 'm', city: 'Köln', empty: '' },
      { mission: 'm', city: '東京 🚀', path: '/a"b\\c\n' },
    ]
    expect(await writerTo(server.url).write([block('anomaly_score', labels, minutesAgo(2, 1))])).toMatchObject({
      written: 4,
    })
    await flush()
    const found = await stored(server, 'anomaly_score{mission="m"}', '50h')
    found.sort((a, b) => (a.metric.city ?? '').localeCompare(b.metric.city ?? ''))
    expect(found.map(({ metric }) => metric)).toEqual([
      { __name__: 'anomaly_score', mission: 'm', city: 'Köln' },
      { __name__: 'anomaly_score', ...labels[1] },
    ])
    expect(found[0]?.values.map(([, value]) => value)).toEqual(['0', '1'])
    expect(instants(found)[0]).toEqual(minutesAgo(2, 1))
  })

  test('takes a band up to two days less an hour ahead; the rest is counted, not sent', async () => {
    const writer = writerTo(server.url, { futureWrites: true, now: () => nowMs })
    const ahead = [hourMs, 24 * hourMs, 47 * hourMs, 47 * hourMs + minuteMs].map((ms) => nowMs + ms)
    expect(await writer.write([block('anomaly_pred', [{ mission: 'ahead' }], ahead)])).toEqual({
      written: 3,
      dropped: 0,
      rejected: [],
      clamped: 1,
    })
    await flush()
    expect(instants(await stored(server, 'anomaly_pred', '50h'))).toEqual([ahead.slice(0, 3)])
  })

  test('a sample sent twice is one', async () => {
    const writer = writerTo(server.url)
    const twice = block('anomaly_score', [{ mission: 'twice' }], minutesAgo(3, 2, 1))
    await writer.write([twice])
    await flush()
    await writer.write([twice])
    await flush()
    expect(instants(await stored(server, 'anomaly_score{mission="twice"}', '50h'))).toEqual([minutesAgo(3, 2, 1)])
  })

  test('a stale marker ends a series', async () => {
    const labels = [{ mission: 'ended' }]
    await writerTo(server.url).write([block('anomaly_score', labels, minutesAgo(3))])
    await writerTo(server.url).write([block('anomaly_score', labels, minutesAgo(2), { stale: true })])
    await flush()
    const at = (minutes: number) => `${(nowMs - minutes * minuteMs) / 1000}`
    const lasts = async (minutes: number) => {
      const query = new URLSearchParams({ query: 'anomaly_score{mission="ended"}', time: at(minutes), nocache: '1' })
      const response = await fetch(`${server.url}/api/v1/query?${query}`)
      return ((await response.json()) as { data: { result: unknown[] } }).data.result.length
    }
    expect([await lasts(2.5), await lasts(1.5)]).toEqual([1, 0])
  })

  test('stores every sample of 20,000 series', async () => {
    const labels = Array.from({ length: 20_000 }, (_, i) => ({ mission: 'many', pod: `pod-${i}` }))
    expect(await writerTo(server.url).write([block('anomaly_score', labels, minutesAgo(2, 1))])).toMatchObject({
      written: 40_000,
    })
    await flush()
    const query = new URLSearchParams({
      query: 'sum(count_over_time(anomaly_score{mission="many"}[10m]))',
      time: `${nowMs / 1000}`,
      nocache: '1',
    })
    const response = await fetch(`${server.url}/api/v1/query?${query}`)
    const body = (await response.json()) as { data: { result: { value: [number, string] }[] } }
    expect(body.data.result[0]?.value[1]).toBe('40000')
  })
})

describe('Prometheus', () => {
  let server: Server
  beforeAll(async () => {
    mkdirSync(dir, { recursive: true })
    const configFile = join(dir, 'prometheus.yml')
    writeFileSync(configFile, '{}\n')
    server = await startPrometheus({ dir, configFile })
  })
  afterAll(() => server?.stop())

  test('stores values and labels', async () => {
    const labels = [{ mission: 'm', city: 'Köln', empty: '' }]
    expect(await writerTo(server.url).write([block('anomaly_score', labels, minutesAgo(2, 1))])).toMatchObject({
      written: 2,
    })
    const found = await stored(server, 'anomaly_score{mission="m"}', '50h')
    expect(found.map(({ metric }) => metric)).toEqual([{ __name__: 'anomaly_score', mission: 'm', city: 'Köln' }])
    expect(instants(found)).toEqual([minutesAgo(2, 1)])
  })

  test('counts what it has already as dropped, and takes the rest', async () => {
    const labels = Array.from({ length: 50 }, (_, i) => ({ mission: 'again', pod: `p${i}` }))
    const writer = writerTo(server.url)
    const at = (...minutes: number[]) => {
      const values = Float64Array.from({ length: 50 * minutes.length }, (_, i) => minutes[i % minutes.length] ?? 0)
      return block('anomaly_score', labels, minutesAgo(...minutes), { values })
    }
    await writer.write([at(5, 4, 3)])
    // the newest sample with the same value is no duplicate to Prometheus
    expect(await writer.write([at(5, 4, 3, 2)])).toMatchObject({ written: 100, dropped: 100 })
    expect(await writer.write([at(4)])).toMatchObject({ written: 0, dropped: 50 })
    const other = { ...at(2), values: new Float64Array(50).fill(7) }
    expect(await writer.write([other])).toMatchObject({ written: 0, dropped: 50 })
    const found = await stored(server, 'anomaly_score{mission="again"}', '50h')
    expect(found).toHaveLength(50)
    for (const times of instants(found)) expect(times).toEqual(minutesAgo(5, 4, 3, 2))
  })

  test('after a write that half succeeded, the next run loses nothing', async () => {
    const labels = Array.from({ length: 400 }, (_, i) => ({ mission: 'half', pod: `p${i}` }))
    const at = (...minutes: number[]) => block('anomaly_score', labels, minutesAgo(...minutes))
    const failing = datasourceHttp(resolveDatasource(datasourceConfig.parse({ name: 'main', readUrl: server.url })))
    clients.push(failing)
    let requests = 0
    const http = {
      breaker: failing.breaker,
      request: (request: Parameters<DatasourceHttp['request']>[0]) =>
        failing.request(++requests > 3 ? { ...request, url: `${server.url}/nowhere` } : request),
    }
    await expect(writerTo(server.url, { http, maxRows: 50 }).write([at(5, 4, 3)])).rejects.toMatchObject({
      code: 'WRITE_REJECTED',
    })
    expect((await stored(server, 'anomaly_score{mission="half"}', '50h')).length).toBeLessThan(400)
    await writerTo(server.url, { maxRows: 50 }).write([at(5, 4, 3, 2)])
    const found = await stored(server, 'anomaly_score{mission="half"}', '50h')
    expect(found).toHaveLength(400)
    for (const times of instants(found)) expect(times).toEqual(minutesAgo(5, 4, 3, 2))
  })

  test('is never sent a sample ahead of now', async () => {
    const ahead = block('anomaly_pred', [{ mission: 'ahead' }], [nowMs, nowMs + hourMs])
    await expect(writerTo(server.url).write([ahead])).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining('datasource main takes no future samples: anomaly_pred'),
    })
    expect(await stored(server, 'anomaly_pred', '50h')).toEqual([])
  })

  test('where nothing takes writes, the error names datasource and address', async () => {
    const datasource = { name: 'main', writeUrl: `${server.url}/api/v1/nowhere` }
    const writing = writerTo(server.url, { datasource }).write([
      block('anomaly_score', [{ mission: 'm' }], minutesAgo(1)),
    ])
    await expect(writing).rejects.toMatchObject({
      code: 'WRITE_REJECTED',
      message: `datasource main: ${server.url}/api/v1/nowhere: HTTP 404: 404 page not found`,
    })
  })
})
