import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { forecast } from '../../flows/forecast.ts'
import type { ForecastParams } from '../../flows/params.ts'
import { AppError } from '../../models/errors.ts'
import { createForecasters } from '../../models/registry.ts'
import { floorToStep, type Labels, seriesId, stepsIn } from '../../models/series.ts'
import { type Server, startVictoriaMetrics } from '../../scheduler/stack/servers.ts'
import { createMarksStore } from '../../scheduler/store/missions/marks-store.ts'
import { missionKeys } from '../../scheduler/store/missions/mission-keys.ts'
import { createForecastCache } from '../../tasks/cache/forecast-cache.ts'
import type { Deps, SeriesWriter } from '../../tasks/deps.ts'
import { datasourceConfig, resolveDatasource } from '../../tasks/prometheus/datasource.ts'
import { type DatasourceHttp, datasourceHttp } from '../../tasks/prometheus/http-client.ts'
import { createQueryClient } from '../../tasks/prometheus/query/query-client.ts'
import { createRemoteWriter } from '../../tasks/prometheus/write/remote-write-client.ts'
import { fakeDeps } from '../fakes/fake-deps.ts'
import { realRedis } from './real-redis.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const stepMs = 5 * minuteMs
// the steps of this run reach from the past into the future
const T = floorToStep(Date.now(), hourMs)
const metrics = ['anomaly_pred', 'anomaly_lower', 'anomaly_upper']

const redis = realRedis()
const dir = mkdtempSync(join(tmpdir(), 'anomaly-times-forecast-'))
let server: Server
let http: DatasourceHttp
let store: Pick<Deps, 'reader' | 'writer'>

beforeAll(async () => {
  server = await startVictoriaMetrics({ dir })
  const config = { name: 'main', kind: 'victoriametrics', readUrl: server.url }
  const datasource = resolveDatasource(datasourceConfig.parse(config))
  http = datasourceHttp(datasource)
  store = {
    reader: createQueryClient(datasource, http),
    writer: createRemoteWriter({ datasource, http, futureWrites: true, now: Date.now }),
  }
})

afterAll(async () => {
  await http?.close()
  await server?.stop()
  rmSync(dir, { recursive: true, force: true })
})

/** Each test has a mission and a query of its own; Redis is emptied before each. */
function world(mission: string) {
  const name = { tenant: 'default', mission }
  const marks = createMarksStore(redis.redis)
  const deps: Deps = {
    ...{ ...fakeDeps(), ...store, marks, forecasters: createForecasters() },
    cache: createForecastCache({ redis: redis.redis, now: Date.now }),
  }
  const params: ForecastParams = {
    ...{ ...name, query: `load_${mission}`, stepMs, evalDelayMs: 30_000, maxSeries: 100, allowOutputs: false },
    ...{ scopeKey: 's', bandKey: 'k1', context: 2_016, horizon: 64, minPoints: 10 },
    ...{ model: 'auto', fallback: 'seasonal-naive', bandExitsPerDay: 0.015 },
  }
  let nonces = 0
  const run = (nominalMs: number, changed: Partial<Deps> & { bandKey?: string; context?: number } = {}) => {
    const { bandKey = 'k1', context = params.context, ...ports } = changed
    nonces += 1
    const owned = { fromMs: nominalMs + 10 * minuteMs, untilMs: nominalMs + 70 * minuteMs }
    const runContext = { nominalMs, kind: 'run', owned, runNonce: `run.${nonces}` } as const
    return forecast.run({ ...deps, ...ports }, { ...params, bandKey, context }, runContext)
  }
  /** What the mission store leaves in Redis: the band in force, and that steps drawn so far belong to somebody else. */
  const edit = async (bandKey: string) => {
    const { publishedFromMs, publishedUntilMs } = (await marks.restore(name, {})) ?? {}
    await redis.redis.hset(missionKeys.mission(name), { bandKey })
    if (publishedFromMs === undefined || publishedUntilMs === undefined) return
    await redis.redis.hset(missionKeys.marks(name), { floor: publishedUntilMs, ceiling: publishedFromMs })
  }
  return { name, deps, marks, edit, run }
}

const valueAt = (ms: number) =>
  100 + 50 * Math.sin((2 * Math.PI * ms) / (24 * hourMs)) + 3 * Math.sin(((ms / stepMs) % 1_009) ** 2)

/** A daily wave, a little restless, of the 5 min steps in some days before T. */
async function writeHistory(mission: string, hosts: readonly string[], daysAgo: readonly [number, number] = [8, 0]) {
  const series = hosts.map((host) => ({ id: seriesId({ host }), labels: { host } }))
  const [from, until] = daysAgo.map((days) => T - days * 24 * hourMs) as [number, number]
  const timestampsMs = stepsIn({ fromMs: from, untilMs: until }, stepMs)
  const values = Float64Array.from(series.flatMap(() => timestampsMs.map(valueAt)))
  await store.writer.write([{ name: `load_${mission}`, series, timestampsMs, values }])
  await fetch(`${server.url}/internal/force_flush`)
}

/** All raw samples, also several at one timestamp: distinct values by host and steps after T. */
async function raw(mission: string, metric: string): Promise<Record<string, Record<number, number[]>>> {
  await fetch(`${server.url}/internal/force_flush`)
  const form = new URLSearchParams({ 'match[]': `${metric}{mission="${mission}"}`, reduce_mem_usage: '1' })
  form.set('end', `${(T + 48 * hourMs) / 1000}`)
  const lines = (await (await fetch(`${server.url}/api/v1/export?${form}`)).text()).trim().split('\n').filter(Boolean)
  const found: Record<string, Record<number, number[]>> = {}
  for (const line of lines) {
    const { metric: labels, values, timestamps } = JSON.parse(line) as ExportLine
    const bySteps = found[labels.host ?? ''] ?? {}
    found[labels.host ?? ''] = bySteps
    timestamps.forEach((ms, i) => {
      const step = (ms - T) / stepMs
      bySteps[step] = [...new Set([...(bySteps[step] ?? []), values[i] as number])]
    })
  }
  return found
}

interface ExportLine {
  readonly metric: Labels
  readonly values: readonly number[]
  readonly timestamps: readonly number[]
}

async function expectDrawnOnce(mission: string, steps: Record<string, readonly [number, number]>): Promise<void> {
  for (const metric of metrics) {
    const drawn = await raw(mission, metric)
    for (const [host, [first, last]] of Object.entries(steps)) {
      expect(Object.keys(drawn[host] ?? {}).map(Number)).toEqual(range(first, last))
      expect(Object.values(drawn[host] ?? {}).every((values) => values.length === 1)).toBe(true)
    }
    expect(Object.keys(drawn).sort()).toEqual(Object.keys(steps))
  }
}

const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i)

/** Sends the first block of a write, then breaks off. */
const halfWriter = (): SeriesWriter => ({
  futureWrites: true,
  async write([first, ...others], signal) {
    if (first) await store.writer.write([first], signal)
    throw new AppError('WRITE_UNAVAILABLE', `connection reset with ${others.length} blocks to go`)
  },
})

test('a run draws its steps, past and future, around what will come', async () => {
  await writeHistory('plain', ['a', 'b'])
  const { marks, run, name, edit } = world('plain')
  await edit('k1')
  expect(await run(T)).toMatchObject({ read: 2, forecast: 2, skipped: [], samplesWritten: 72, samplesDropped: 0 })
  await expectDrawnOnce('plain', { a: [3, 14], b: [3, 14] })
  const [pred, lower, upper] = await Promise.all(metrics.map((metric) => raw('plain', metric)))
  for (const step of range(3, 14)) {
    const at = (band: typeof pred) => band?.a?.[step]?.[0] as number
    expect(Math.abs(at(pred) - valueAt(T + step * stepMs))).toBeLessThan(8)
    expect(at(lower)).toBeLessThan(at(pred))
    expect(at(upper)).toBeGreaterThan(at(pred))
  }
  expect(await marks.get(name)).toMatchObject({ publishedUntilMs: T + 70 * minuteMs })
})

test('a write that breaks off is completed with the same bytes, though the history has changed', async () => {
  await writeHistory('broken', ['a', 'b'], [8, 0.1])
  const { deps, run, name, edit } = world('broken')
  await edit('k1')
  await expect(run(T, { writer: halfWriter() })).rejects.toMatchObject({ code: 'WRITE_UNAVAILABLE' })
  await writeHistory('broken', ['a', 'b'])
  expect(await run(T)).toMatchObject({ read: 0, forecast: 0, samplesWritten: 72 })
  await expectDrawnOnce('broken', { a: [3, 14], b: [3, 14] })
  expect(await deps.cache.list(name)).toMatchObject([{ published: { untilMs: T + 70 * minuteMs } }])
})

test('an edit leaves what is drawn, and draws what nobody has', async () => {
  await writeHistory('edited', ['a'])
  const { run, edit } = world('edited')
  await edit('k1')
  await run(T)
  await writeHistory('edited', ['b'])
  await edit('k2')
  const edited = { bandKey: 'k2', context: 600 }
  await run(T, edited)
  await run(T + hourMs, edited)
  await expectDrawnOnce('edited', { a: [3, 26], b: [3, 26] })
})

test('after Redis was emptied the band goes on where the store has it', async () => {
  await writeHistory('flushed', ['a'], [8, 0.1])
  const { marks, run, name, edit } = world('flushed')
  await edit('k1')
  await run(T)
  await redis.redis.flushall()
  await writeHistory('flushed', ['a', 'b'])
  await expect(run(T)).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' })
  await marks.restore(name, { publishedUntilMs: T + 70 * minuteMs })
  await edit('k1')
  await expect(run(T, { writer: halfWriter() })).rejects.toMatchObject({ code: 'WRITE_UNAVAILABLE' })
  await run(T)
  await run(T + hourMs)
  await expectDrawnOnce('flushed', { a: [3, 26], b: [3, 26] })
})
