import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Server, startVictoriaMetrics } from '../../scheduler/stack/servers.ts'
import { exportSeries, missingSteps, samplesByInstant } from '../scenarios/store-audit.ts'
import { dayMs, flushStore, hourMs, importSeries, minuteMs } from '../scenarios/world.ts'
import { startPlatform } from './platform.ts'
import { realRedis } from './real-redis.ts'

const real = realRedis()
const nowMs = Math.floor(Date.now() / hourMs) * hourMs
const dir = mkdtempSync(join(tmpdir(), 'at-backfill-'))
let store: Server

beforeAll(async () => {
  store = await startVictoriaMetrics({ dir })
  const timestampsMs = Array.from({ length: (3 * dayMs) / minuteMs }, (_, i) => nowMs - i * minuteMs).reverse()
  const values = timestampsMs.map((ms) => 100 + 10 * Math.sin((2 * Math.PI * ms) / dayMs))
  await importSeries(store.url, [{ labels: { __name__: 'load', host: 'a' }, timestampsMs, values }])
})
afterAll(async () => {
  await store?.stop()
  rmSync(dir, { recursive: true, force: true })
})

interface Seen {
  readonly state: string
  readonly progress: { readonly total: number; readonly done: number; readonly failed: number; readonly left: number }
}

test('goes on under the next leader where the one before it ended, to the last step and none twice', async () => {
  const datasources = [{ name: 'vm', kind: 'victoriametrics', readUrl: store.url }]
  const start = () => startPlatform({ redis: { url: real.url }, datasources })
  // two days ago: the registration reaches back for one
  const from = new Date(nowMs - 54 * hourMs).toISOString()
  const to = new Date(nowMs - 42 * hourMs).toISOString()
  let platform = await start()
  const seen = () => platform.api<Seen>('GET', 'backfills/past')
  try {
    await platform.api('PUT', 'missions/past', {
      ...{ query: 'load', context: '12h', forecast: { every: '1h' }, detect: { every: '5m' }, detectStep: '5m' },
    })
    const asked = { id: 'past', mission: 'past', from, to, maxActive: 1 }
    const { progress } = await platform.api<Seen>('POST', 'backfills', asked)
    await vi.waitFor(async () => expect((await seen()).progress.done).toBeGreaterThan(1), 30_000)
    await platform.stop()
    platform = await start()
    await vi.waitFor(async () => expect((await seen()).state).toBe('finished'), { timeout: 60_000, interval: 200 })
    expect((await seen()).progress).toMatchObject({ total: progress.total, done: progress.total, failed: 0, left: 0 })
  } finally {
    await platform.stop()
  }
  await flushStore(store.url)
  const scores = await exportSeries(store.url, 'anomaly_score{mission="past"}')
  const span = { fromMs: Date.parse(from), untilMs: Date.parse(to) }
  expect(missingSteps(scores, { ...span, stepMs: 5 * minuteMs })).toEqual([])
  const instants = [...samplesByInstant(scores).values()]
  expect(instants.flatMap((samples) => [...samples.values()].filter(({ length }) => length > 1))).toEqual([])
})
