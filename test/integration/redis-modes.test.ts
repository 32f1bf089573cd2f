import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type Server, startVictoriaMetrics } from '../../scheduler/stack/servers.ts'
import { importSeries } from '../scenarios/world.ts'
import { everySecond, startPlatform } from './platform.ts'
import { asked, startCluster, startSentinel } from './redis-servers.ts'

vi.setConfig({ testTimeout: 120_000 })

const patience = { timeout: 40_000, interval: 200 }

/** Between two T's of a schedule that is due each second nothing is under way. */
const untilMidSecond = () => sleep(1_500 - (Date.now() % 1_000))

interface ScheduleView {
  readonly status: { readonly counters: { readonly run?: number } }
}

type Platform = Awaited<ReturnType<typeof startPlatform>>

async function runsOf({ api }: Platform, id: string): Promise<number> {
  return (await api<ScheduleView>('GET', `schedules/${id}`)).status.counters.run ?? 0
}

async function moreRuns(platform: Platform, id: string, count: number): Promise<void> {
  const before = await vi.waitFor(() => runsOf(platform, id), patience)
  await vi.waitFor(async () => expect(await runsOf(platform, id)).toBeGreaterThanOrEqual(before + count), patience)
}

test('on a Cluster missions are forecast and scored, and a master that is lost costs no T', async () => {
  const cluster = await startCluster()
  onTestFinished(() => cluster.close())
  const store = await startVictoriaMetrics({ dir: `${cluster.dir}/store` })
  onTestFinished(() => store.stop())
  const [url, ...nodes] = cluster.masters.map((master) => master.url)
  const nowMs = Date.now()
  await importSeries(store.url, [load(nowMs)])
  const datasources = [{ name: 'main', readUrl: store.url, kind: 'victoriametrics', evalDelay: '1s' }]
  const platform = await startPlatform({ redis: { mode: 'cluster', url, nodes }, datasources })
  onTestFinished(() => platform.stop())
  const { api } = platform
  const ids = ['a', 'b', 'c', 'd']
  for (const id of ids)
    await api('PUT', `missions/${id}`, { id, query: 'load', step: '1m', context: '1h', detect: { every: '5s' } })
  await api('PUT', 'schedules/probe', everySecond)
  const sinceMs = Date.now()
  for (const id of ids)
    await vi.waitFor(async () => {
      const { status } = await api<{ status: { scoredUntil?: string } }>('GET', `missions/${id}`)
      expect(status.scoredUntil).toBeDefined()
    }, patience)
  expect(await mastersWith(cluster.masters, '{at:m:*')).toBeGreaterThan(1)

  await untilMidSecond()
  await cluster.control.kill()
  await moreRuns(platform, 'probe', 3)
  await platform.ready()
  await platform.expectEveryTick('probe', sinceMs, Date.now() - 2_000)
})

test('with Sentinel the replica takes over, and no T is lost or doubled', async () => {
  const sentinel = await startSentinel()
  onTestFinished(() => sentinel.close())
  const platform = await startPlatform({ redis: { mode: 'sentinel', url: sentinel.url, master: 'at' } })
  onTestFinished(() => platform.stop())
  await platform.api('PUT', 'schedules/probe', everySecond)
  const sinceMs = Date.now()
  await moreRuns(platform, 'probe', 3)

  await untilMidSecond()
  await sentinel.master.kill()
  await moreRuns(platform, 'probe', 3)
  await platform.ready()
  await platform.expectEveryTick('probe', sinceMs, Date.now() - 2_000)
  expect(await asked(sentinel.replica, (redis) => redis.info('replication'))).toContain('role:master')
})

/** A value each ten seconds, from 90 minutes ago to ten minutes ahead. */
function load(nowMs: number) {
  const timestampsMs = Array.from({ length: 600 }, (_, i) => Math.floor(nowMs / 10_000) * 10_000 + (i - 540) * 10_000)
  return { labels: { __name__: 'load' }, timestampsMs, values: timestampsMs.map((ms) => 100 + Math.sin(ms / 7_000)) }
}

async function mastersWith(masters: readonly Server[], pattern: string): Promise<number> {
  const found = await Promise.all(masters.map((master) => asked(master, (redis) => redis.keys(pattern))))
  return found.filter((keys) => keys.length > 0).length
}
