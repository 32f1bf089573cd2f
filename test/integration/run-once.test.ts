import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { configSchema } from '../../scheduler/config/schema.ts'
import { type RunOnceRequest, runOnce } from '../../scheduler/execution/run-once.ts'
import { missionDocument } from '../../scheduler/missions/document/document.ts'
import { type Server, startVictoriaMetrics } from '../../scheduler/stack/servers.ts'
import { exportSeries } from '../scenarios/store-audit.ts'
import { flushStore, queryable } from '../scenarios/world.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
/** T of the forecasts: all that they own is past. */
const T = Math.floor(Date.now() / hourMs) * hourMs - 2 * hourMs
const hosts = ['a', 'b']
const document = missionDocument.parse({
  ...{ id: 'cpu', query: 'cpu', evalDelay: '30s' },
  ...{ forecast: { every: '1h', phase: '0s' }, detect: { every: '1m' } },
})
const dir = mkdtempSync(join(tmpdir(), 'at-once-'))
let store: Server

beforeAll(async () => {
  store = await startVictoriaMetrics({ dir })
  const minutes = Array.from({ length: 30 * 60 }, (_, i) => T + hourMs - i * minuteMs)
  const lines = minutes.flatMap((ms) => hosts.map((host) => `cpu{host="${host}"} ${10 + ((ms / minuteMs) % 3)} ${ms}`))
  await fetch(`${store.url}/api/v1/import/prometheus`, { method: 'POST', body: lines.join('\n') })
  await flushStore(store.url)
})
afterAll(async () => {
  await store?.stop()
  rmSync(dir, { recursive: true })
})

const once = (flow: RunOnceRequest['flow'], more: Partial<RunOnceRequest> = {}) =>
  runOnce({
    config: configSchema.parse({ datasources: [{ name: 'main', kind: 'victoriametrics', readUrl: store.url }] }),
    ...{ document, flow, atMs: T + 20 * minuteMs, dryRun: false, signal: new AbortController().signal, ...more },
  })

/** Steps of a metric, in minutes after T, by host. */
async function stored(metric: string): Promise<Record<string, number[]>> {
  await flushStore(store.url)
  const series = await exportSeries(store.url, `${metric}{mission="cpu"}`)
  const minutes: Record<string, number[]> = {}
  // a series may come in several blocks
  for (const { labels, timestampsMs } of series) {
    const host = labels.host ?? ''
    minutes[host] = [...(minutes[host] ?? []), ...timestampsMs.map((ms) => (ms - T) / minuteMs)].sort((a, b) => a - b)
  }
  return minutes
}
const fiveMinutes = (from: number, until: number) =>
  Array.from({ length: (until - from) / 5 }, (_, i) => from + 5 * (i + 1))

function isBand(pred: readonly number[], lower: readonly number[], upper: readonly number[]): boolean {
  return pred.length >= 64 && pred.every((value, i) => (lower[i] ?? value) <= value && value <= (upper[i] ?? value))
}

test('a dry run forecasts and scores, and writes nothing', async () => {
  const forecast = await once('forecast', { dryRun: true })
  expect(forecast).toMatchObject({ nominalMs: T, result: { forecast: 2, samplesWritten: 0 } })
  // 10, 11 or 12, on the grid of 5 minutes
  const row = { lastMs: T - 5 * minuteMs, lastValue: 11, startMs: T, stepMs: 5 * minuteMs }
  expect('rows' in forecast && forecast.rows.map(({ labels }) => labels.host)).toEqual(hosts)
  expect(forecast).toMatchObject({ rows: [row, row] })
  expect('rows' in forecast && forecast.rows.every(({ pred, lower, upper }) => isBand(pred, lower, upper))).toBe(true)
  const detect = await once('detect', { dryRun: true })
  expect(detect).toMatchObject({ nominalMs: T + 20 * minuteMs, result: { scored: 2, states: { ok: 2 } } })
  expect(await stored('anomaly_pred')).toEqual({})
  expect(await stored('anomaly_score')).toEqual({})
})

test('a forecast draws the steps of its T and leaves those that are drawn already', async () => {
  await once('forecast')
  const drawn = { a: fiveMinutes(10, 70), b: fiveMinutes(10, 70) }
  await queryable(store.url, 'anomaly_pred{mission="cpu"}', T + 15 * minuteMs)
  expect(await stored('anomaly_pred')).toEqual(drawn)
  expect(await once('forecast')).toMatchObject({ result: { forecast: 2, samplesWritten: 0 } })
  await once('forecast', { atMs: T + hourMs })
  expect(await stored('anomaly_pred')).toEqual({ a: fiveMinutes(10, 130), b: fiveMinutes(10, 130) })
})

test('detection writes the score of the newest complete step, and no band', async () => {
  const before = await stored('anomaly_pred')
  await once('detect')
  await queryable(store.url, 'anomaly_score{mission="cpu"}', T + 19 * minuteMs)
  expect(await stored('anomaly_score')).toEqual({ a: [19], b: [19] })
  expect(await stored('anomaly_pred')).toEqual(before)
})

test('a dry run tells how many points a series that came after the forecast has', async () => {
  const ms = (minute: number) => T + minute * minuteMs
  const lines = Array.from({ length: 30 }, (_, i) => `fresh 1 ${ms(i)}`)
  await fetch(`${store.url}/api/v1/import/prometheus`, { method: 'POST', body: lines.join('\n') })
  await flushStore(store.url)
  const fresh = missionDocument.parse({ ...document, query: '{__name__=~"fresh|cpu",host!="b"}' })
  const done = await once('detect', { document: fresh, dryRun: true })
  if (done.flow !== 'detect') throw new Error('another flow')
  const rows = done.result.rows.map(({ labels, state, points }) => [labels.metric, state, points])
  // T itself is a step; the last one lies before T + 20 min less the delay
  expect(rows).toEqual(
    expect.arrayContaining([
      ['fresh', 'learning', 4],
      ['cpu', 'ok', undefined],
    ]),
  )
  expect(done).toMatchObject({ minPoints: 10 })
  expect(done).not.toHaveProperty('fallback')
})

test('a detect run tells that the fall-back made its forecast', async () => {
  const missing = missionDocument.parse({ ...document, model: '/nope/model' })
  const done = await once('detect', { document: missing, dryRun: true })
  expect(done).toMatchObject({ fallback: expect.stringMatching(/^fallback:MODEL_/), result: { scored: 2 } })
})

test('a T before the first is told', async () => {
  const onceADay = { ...document, forecast: { cron: '0 0 1 1 *' } }
  const early = once('forecast', { document: missionDocument.parse(onceADay), atMs: 0 })
  await expect(early).rejects.toMatchObject({ code: 'INVALID_PARAMS' })
})
