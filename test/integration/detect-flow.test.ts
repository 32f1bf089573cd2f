import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { detect } from '../../flows/detect.ts'
import { forecast } from '../../flows/forecast.ts'
import type { DetectParams, ForecastParams } from '../../flows/params.ts'
import { type Labels, seriesId, stepsIn } from '../../models/series.ts'
import { type Server, startPrometheus, startVictoriaMetrics } from '../../scheduler/stack/servers.ts'
import { createForecastCache } from '../../tasks/cache/forecast-cache.ts'
import type { Deps } from '../../tasks/deps.ts'
import { datasourceConfig, resolveDatasource } from '../../tasks/prometheus/datasource.ts'
import { type DatasourceHttp, datasourceHttp } from '../../tasks/prometheus/http-client.ts'
import { createQueryClient } from '../../tasks/prometheus/query/query-client.ts'
import { createRemoteWriter } from '../../tasks/prometheus/write/remote-write-client.ts'
import { readDrawnBand } from '../../tasks/publish/read-drawn-band.ts'
import { fakeDeps, fakeForecaster, fakeForecasters } from '../fakes/fake-deps.ts'
import { realRedis } from './real-redis.ts'

const minuteMs = 60_000
const stepMs = 5 * minuteMs
/** T of the one forecast: what detect reads of the steps after it is past by now. */
const T = Math.floor(Date.now() / stepMs) * stepMs - 30 * minuteMs
const owned = { fromMs: T + 10 * minuteMs, untilMs: T + 70 * minuteMs }
const mission = { tenant: 'default', mission: 'shop' }
const shared = {
  ...{ ...mission, query: 'load', stepMs, evalDelayMs: 30_000, maxSeries: 100, allowOutputs: false },
  ...{ scopeKey: 's1', bandKey: 'k1' },
}
const forecastParams: ForecastParams = {
  ...{ ...shared, context: 24, horizon: 64, minPoints: 10, model: 'flat', fallback: 'flat', bandExitsPerDay: 0.015 },
}
const detectParams: DetectParams = {
  ...{ ...shared, detectStepMs: minuteMs, direction: 'both', minDeviation: 0, minRelativeDeviation: 0 },
}
/** From four minutes before a grid step to one after it. */
const window = { fromMs: T + 20 * minuteMs, untilMs: T + 26 * minuteMs }

const dir = mkdtempSync(join(tmpdir(), 'anomaly-times-detect-'))
const redis = realRedis()
const clients: DatasourceHttp[] = []
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()))
  rmSync(dir, { recursive: true })
})

function depsOn(server: Server, futureWrites: boolean): Deps {
  const kind = futureWrites ? 'victoriametrics' : 'prometheus'
  const datasource = resolveDatasource(datasourceConfig.parse({ name: 'main', kind, readUrl: server.url }))
  const http = datasourceHttp(datasource)
  clients.push(http)
  return {
    ...fakeDeps(),
    reader: createQueryClient(datasource, http),
    writer: createRemoteWriter({ datasource, http, futureWrites, now: Date.now }),
    cache: createForecastCache({ redis: redis.redis, now: Date.now }),
    forecasters: fakeForecasters([fakeForecaster('flat')]),
  }
}

/** Two hours of flat values up to now, one a minute; `broken` jumps after T + 22 m, `dead` ends before the window. */
async function writeLive({ writer }: Deps): Promise<void> {
  const series = ['calm', 'broken', 'dead'].map(loadOf)
  const valueAt = (s: number, ms: number) => {
    if (s === 2 && ms > T + 10 * minuteMs) return Number.NaN
    return 100 * (s + 1) + (s === 1 && ms > T + 22 * minuteMs ? 500 : 0)
  }
  // in the order of time, as Prometheus asks
  for (let fromMs = T - 120 * minuteMs; fromMs < T + 28 * minuteMs; fromMs += 4 * minuteMs) {
    const timestampsMs = stepsIn({ fromMs, untilMs: fromMs + 4 * minuteMs }, minuteMs)
    const values = Float64Array.from(series.flatMap((_, s) => timestampsMs.map((ms) => valueAt(s, ms))))
    await writer.write([{ name: 'load', series, timestampsMs, values }])
  }
}

function loadOf(host: string) {
  const labels = { host }
  return { id: seriesId(labels), labels }
}

const runForecast = (deps: Deps) =>
  forecast.run(deps, forecastParams, { nominalMs: T, kind: 'run', owned, runNonce: 'run.1' })

async function runDetect(deps: Deps, more: { storeFallback?: boolean; effect?: 'none' } = {}) {
  const payloads = await deps.cache.list(mission)
  const owners = [{ nominalMs: T, owned }]
  return detect.run(deps, detectParams, {
    ...{ nominalMs: window.untilMs + minuteMs, window, owners, payloads, storeFallback: false },
    ...more,
  })
}

/** Samples as they are stored, by host (or state) and minute after T. */
async function stored({ url }: Server, selector: string): Promise<Record<string, Record<number, number>>> {
  await fetch(`${url}/internal/force_flush`)
  const form = new URLSearchParams({ query: `${selector}[4h]`, time: `${T / 1000 + 2 * 3600}` })
  const answer = await fetch(`${url}/api/v1/query?${form}`)
  const { data } = (await answer.json()) as { data: { result: { metric: Labels; values: [number, string][] }[] } }
  return Object.fromEntries(
    data.result.map(({ metric, values }) => [
      metric.host ?? metric.state ?? '',
      Object.fromEntries(values.map(([seconds, value]) => [(seconds * 1000 - T) / minuteMs, Number(value)])),
    ]),
  )
}

const minutes = (from: number, until: number, every = 1) =>
  Array.from({ length: Math.floor((until - from) / every) + 1 }, (_, i) => from + i * every)
const keys = (samples: Record<number, number> | undefined) => Object.keys(samples ?? {}).map(Number)
const flush = (server: Server) => fetch(`${server.url}/internal/force_flush`)
// the fake forecaster's 99.5 % quantile, widened by half
const edge = 1.5 * Math.log(199)

describe('VictoriaMetrics', () => {
  let server: Server
  let deps: Deps

  beforeAll(async () => {
    server = await startVictoriaMetrics({ dir })
  })
  afterAll(() => server?.stop())
  beforeEach(async () => {
    await fetch(`${server.url}/api/v1/admin/tsdb/delete_series?match[]={__name__!=""}`)
    deps = depsOn(server, true)
    await writeLive(deps)
    await flush(server)
    await runForecast(deps)
    await flush(server)
  })

  test('scores live values against the band that the forecast run has drawn ahead', async () => {
    const result = await runDetect(deps)
    expect(result).toMatchObject({
      ...{ read: 2, scored: 12, requests: [], newSeries: [], noBand: false, forecastAgeMs: 26 * minuteMs },
      states: { ok: 2, no_data: 1 },
    })
    const scores = await stored(server, 'anomaly_score{mission="shop"}')
    expect(Object.keys(scores).sort()).toEqual(['broken', 'calm'])
    expect(scores.calm).toEqual({ 21: 0, 22: 0, 23: 0, 24: 0, 25: 0, 26: 0 })
    expect(scores.broken).toMatchObject({ 21: 0, 22: 0 })
    for (const minute of minutes(23, 26)) expect(scores.broken?.[minute]).toBeCloseTo(1 + Math.log(500 / edge), 4)
    expect(keys((await stored(server, 'anomaly_pred{mission="shop"}')).calm)).toEqual(minutes(15, 70, 5))
    expect((await stored(server, 'anomaly_mission_series{mission="shop"}')).no_data).toEqual({ 26: 1 })
  })

  test('a retry after half a write leaves one value at every instant', async () => {
    const { writer } = deps
    const halfWay = {
      ...writer,
      write: async (blocks: Parameters<typeof writer.write>[0]) => {
        const half = blocks.map((block) => {
          return { ...block, values: block.values.map((value, i) => (i % 2 === 0 ? value : Number.NaN)) }
        })
        await writer.write(half)
        throw new Error('gone')
      },
    }
    await expect(runDetect({ ...deps, writer: halfWay })).rejects.toThrow('gone')
    await runDetect(deps)
    expect(keys((await stored(server, 'anomaly_score{mission="shop"}')).broken)).toEqual(minutes(21, 26))
  })

  test('a cold cache scores the same from the store', async () => {
    const warm = await runDetect(deps, { effect: 'none' })
    await redis.redis.flushall()
    expect(await runDetect(deps, { effect: 'none' })).toMatchObject({ noBand: true, requests: [T] })
    const cold = await runDetect(deps, { effect: 'none', storeFallback: true })
    expect(cold).toMatchObject({ noBand: false, requests: [T], scored: warm.scored, states: warm.states })
    expect(cold.rows.map(({ labels, score }) => [labels, score])).toEqual(
      warm.rows.map(({ labels, score }) => [labels, score]),
    )
  })
})

describe('Prometheus', () => {
  let server: Server
  beforeAll(async () => {
    const home = join(dir, 'prometheus-home')
    mkdirSync(home)
    writeFileSync(join(home, 'prometheus.yml'), 'global: {}\n')
    server = await startPrometheus({ dir: home, configFile: join(home, 'prometheus.yml') })
  })
  afterAll(() => server?.stop())

  test('detection writes the band that it used, at its time, for every expected series', async () => {
    const deps = depsOn(server, false)
    await writeLive(deps)
    await runForecast(deps)
    expect(await stored(server, 'anomaly_pred')).toEqual({})
    expect(await runDetect(deps)).toMatchObject({ scored: 12, requests: [], states: { ok: 2, no_data: 1 } })
    const [pred, upper] = [await stored(server, 'anomaly_pred'), await stored(server, 'anomaly_upper')]
    for (const [host, level] of Object.entries({ calm: 100, broken: 200, dead: 300 })) {
      expect(keys(pred[host])).toEqual(minutes(21, 26))
      for (const minute of minutes(21, 26)) {
        expect(pred[host]?.[minute]).toBe(level)
        expect(upper[host]?.[minute]).toBeCloseTo(level + edge, 4)
      }
    }
    expect(Object.keys(await stored(server, 'anomaly_score')).sort()).toEqual(['broken', 'calm'])
  })
})

describe.each([{ store: 'VictoriaMetrics' }, { store: 'Prometheus' }])('look-back of $store', ({ store }) => {
  let server: Server
  beforeAll(async () => {
    const home = join(dir, `lookback-${store}`)
    mkdirSync(home)
    writeFileSync(join(home, 'prometheus.yml'), 'global: {}\n')
    server =
      store === 'Prometheus'
        ? await startPrometheus({ dir: home, configFile: join(home, 'prometheus.yml') })
        : await startVictoriaMetrics({ dir: home })
  })
  afterAll(() => server?.stop())

  test('no step of a drawn band stands for the one after it', async () => {
    const deps = depsOn(server, store === 'VictoriaMetrics')
    const labels = { host: 'a', mission: 'shop' }
    const series = [{ id: seriesId(labels), labels }]
    const timestampsMs = [0, 5, 15].map((minute) => T + minute * minuteMs)
    for (const name of ['anomaly_pred', 'anomaly_lower', 'anomaly_upper']) {
      await deps.writer.write([{ name, series, timestampsMs, values: Float64Array.of(1, 2, 3) }])
    }
    await flush(server)
    const gridMs = [0, 5, 10, 15, 20].map((minute) => T + minute * minuteMs)
    const drawn = await readDrawnBand(deps, { mission, gridMs, stepMs })
    expect([...(drawn?.bands ?? [])].map(([ms, { pred }]) => [(ms - T) / minuteMs, ...pred])).toEqual([
      [0, 1],
      [5, 2],
      [15, 3],
    ])
    expect(drawn?.identities).toEqual(series)
  })
})
