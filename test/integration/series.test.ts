import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { detect } from '../../flows/detect.ts'
import { forecast } from '../../flows/forecast.ts'
import { type Labels, seriesId, stepsIn } from '../../models/series.ts'
import { planDetect } from '../../scheduler/execution/plan-detect.ts'
import { missionDocument } from '../../scheduler/missions/document/document.ts'
import { resolveMission } from '../../scheduler/missions/document/resolve.ts'
import { createdMission } from '../../scheduler/missions/mission-edits.ts'
import { createSeriesService } from '../../scheduler/series/series-service.ts'
import { type Server, startVictoriaMetrics } from '../../scheduler/stack/servers.ts'
import { createMarksStore } from '../../scheduler/store/missions/marks-store.ts'
import { requestLog } from '../../scheduler/store/missions/request-log.ts'
import { createForecastCache } from '../../tasks/cache/forecast-cache.ts'
import { datasourceConfig, resolveDatasource } from '../../tasks/prometheus/datasource.ts'
import { type DatasourceHttp, datasourceHttp } from '../../tasks/prometheus/http-client.ts'
import { createQueryClient } from '../../tasks/prometheus/query/query-client.ts'
import { createRemoteWriter } from '../../tasks/prometheus/write/remote-write-client.ts'
import { settings } from '../fakes/execution-world.ts'
import { fakeDeps, fakeForecaster, fakeForecasters } from '../fakes/fake-deps.ts'
import { realRedis } from './real-redis.ts'

const minuteMs = 60_000
const dir = mkdtempSync(join(tmpdir(), 'anomaly-times-series-'))
const real = realRedis()
let server: Server
let http: DatasourceHttp
beforeAll(async () => {
  server = await startVictoriaMetrics({ dir })
  http = datasourceHttp(datasource())
})
afterAll(async () => {
  await http?.close()
  await server?.stop()
  rmSync(dir, { recursive: true })
})

const datasource = () =>
  resolveDatasource(datasourceConfig.parse({ name: 'main', kind: 'victoriametrics', readUrl: server.url }))
const name = { tenant: 'default', mission: 'load' }
const T = Math.floor(Date.now() / (5 * minuteMs)) * 5 * minuteMs - 30 * minuteMs
/** The step that was scored last. */
const scoredMs = T + 26 * minuteMs

/** One value a minute, of two hours before T until the scored step. */
const histories: Readonly<Record<string, (ms: number) => number>> = {
  calm: () => 100,
  hot: (ms) => (ms > T + 22 * minuteMs ? 600 : 100),
  dead: (ms) => (ms > T + 24 * minuteMs ? Number.NaN : 100),
  young: (ms) => (ms <= T - 31 * minuteMs ? Number.NaN : 100),
}

test('what a mission drew, scored and left out in a real store and a real Redis', async () => {
  const reader = createQueryClient(datasource(), http)
  const writer = createRemoteWriter({ datasource: datasource(), http, futureWrites: true, now: Date.now })
  const timestampsMs = stepsIn({ fromMs: T - 120 * minuteMs, untilMs: scoredMs }, minuteMs)
  const series = Object.keys(histories).map((host) => ({ id: '', labels: { host, path: '/"a\\b' } }))
  const values = Float64Array.from(Object.values(histories).flatMap((history) => timestampsMs.map(history)))
  await writer.write([{ name: 'load', series, timestampsMs, values }])
  const flush = () => fetch(`${server.url}/internal/force_flush`)
  await flush()

  const document = missionDocument.parse({
    ...{ id: 'load', query: 'last_over_time(load[1m])', evalDelay: '0s' },
    forecast: { every: '1h', phase: `${(T / minuteMs) % 60}m` },
  })
  const createdMs = T - 60 * minuteMs
  const resolved = resolveMission({ tenant: 'default', document, createdMs }, settings, createdMs)
  const mission = createdMission('default', { document, resolved, actor: 'ann', nowMs: createdMs, createdMs })
  const cache = createForecastCache({ redis: real.redis, now: Date.now })
  const deps = { ...fakeDeps(), reader, writer, cache, forecasters: fakeForecasters([fakeForecaster('flat')]) }
  const owned = { fromMs: T + 10 * minuteMs, untilMs: T + 70 * minuteMs }
  await forecast.run(deps, resolved.forecastParams, { nominalMs: T, kind: 'run', owned, runNonce: 'run.1' })
  const window = { fromMs: T + 15 * minuteMs, untilMs: scoredMs }
  const { forecastEras: eras, scopeKey } = mission
  const payloads = await cache.list(name)
  const plan = planDetect({ window, eras, scopeKey, payloads, stepMs: resolved.detectParams.stepMs })
  const found = await detect.run(deps, resolved.detectParams, { nominalMs: scoredMs, storeFallback: false, ...plan })
  await flush()

  const marks = createMarksStore(real.redis)
  await marks.restore(name, { scoredUntilMs: scoredMs })
  const service = createSeriesService({
    ...{ marks, cache, settings, requests: requestLog(real.redis), now: Date.now },
    ...{ mission: async () => mission, reader: () => reader },
  })
  const page = await service.page('default', 'load', { limit: 10 })
  expect([page.atMs, page.states]).toEqual([scoredMs, found.states])
  const told = page.series.map(({ labels, state, reason, sinceMs, learning }) => [
    ...[labels.host, state, reason],
    ...[sinceMs === undefined ? undefined : (sinceMs - T) / minuteMs, learning?.points],
  ])
  expect(told).toEqual([
    ['hot', 'ok', 'above the band', 23, undefined],
    ['dead', 'no_data', 'no value at the last step', 25, undefined],
    ['young', 'learning', 'too few points to forecast from', -60, 7],
    ['calm', 'ok', 'within the band', undefined, undefined],
  ])
  const scores = Object.fromEntries(found.rows.map(({ id, score }) => [id, score]))
  for (const { labels, score } of page.series) expect(score).toEqual(scores[seriesId(labels as Labels)])
})
