import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { expect, vi } from 'vitest'
import { configSchema } from '../../../scheduler/config/schema.ts'
import { runScheduler, runWorker } from '../../../scheduler/main.ts'
import { answers } from '../../../scheduler/stack/ports.ts'
import { freePort, startRedis, startVictoriaMetrics } from '../../../scheduler/stack/servers.ts'
import { hourMs, importSeries, minuteMs } from '../../scenarios/world.ts'
import { apiOf } from '../killable-stack.ts'

/** Where a whole installation lives: a real Redis, a store that keeps samples of any age, a folder for exports. */
export async function openSite() {
  const dir = mkdtempSync(join(tmpdir(), 'at-forms-'))
  const redis = await startRedis({ dir, extraArgs: ['--appendonly', 'no'] })
  const store = await startVictoriaMetrics({ dir, extraArgs: ['-retentionPeriod=100y'] })
  const stateDir = join(dir, 'state')
  mkdirSync(stateDir)
  const client = new Redis(redis.url)
  const running: (() => Promise<void>)[] = []
  const stop = async () => {
    for (const end of running.splice(0).reverse()) await end()
  }
  return {
    redis: client,
    stateDir,
    ...processes({ redisUrl: redis.url, storeUrl: store.url, dir, stateDir, running }),
    /** What the mission `cpu` reads, minute by minute, up to an hour after `untilMs`. */
    seed: (untilMs: number) => importSeries(store.url, load(untilMs)),
    stop,
    async close() {
      await stop()
      client.disconnect()
      await Promise.all([redis.stop(), store.stop()])
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

export type Site = Awaited<ReturnType<typeof openSite>>

interface Surroundings {
  readonly redisUrl: string
  readonly storeUrl: string
  readonly dir: string
  readonly stateDir: string
  readonly running: (() => Promise<void>)[]
}

/** Scheduler and workers in this process, each begun and ended on its own. */
function processes({ redisUrl, storeUrl, dir, stateDir, running }: Surroundings) {
  const begin = (run: (signal: AbortSignal) => Promise<void>) => {
    const ending = new AbortController()
    const ended = run(ending.signal)
    const stop = async () => {
      ending.abort()
      await ended
    }
    running.push(stop)
    return { stop, ended }
  }
  const configured = (listen: string) =>
    configSchema.parse({
      ...{ listen, stateDir, log: { level: 'silent' }, models: { dir }, defaults: { model: 'seasonal-naive' } },
      ...{ redis: { url: redisUrl }, datasources: [{ name: 'main', kind: 'victoriametrics', readUrl: storeUrl }] },
      ...{ limits: { flows: { forecast: 4, noop: 4 } }, worker: { lock: '4s', stalledCheck: '1s', grace: '2s' } },
    })
  return {
    async startScheduler() {
      const listen = `127.0.0.1:${await freePort()}`
      const { ended } = begin((signal) => runScheduler(configured(listen), signal))
      const ready = vi.waitFor(async () => expect(await answers(`http://${listen}/readyz`)).toBe(true), 20_000)
      await Promise.race([ready, ended])
      return { url: `http://${listen}`, api: apiOf(`http://${listen}`) }
    },
    /** One of each pool. */
    startWorkers() {
      const workers = (['detect', 'forecast'] as const).map((pool) =>
        begin((signal) => runWorker(configured('127.0.0.1:0'), pool, signal)),
      )
      return { stop: async () => void (await Promise.all(workers.map((worker) => worker.stop()))) }
    },
  }
}

function load(untilMs: number) {
  const lastMs = Math.floor(untilMs / minuteMs) * minuteMs + hourMs
  const timestampsMs = Array.from({ length: 60 * 96 }, (_, i) => lastMs - i * minuteMs).reverse()
  const values = timestampsMs.map((ms) => 10 + ((ms / minuteMs) % 3))
  return ['a', 'b'].map((host) => ({ labels: { __name__: 'cpu', host }, timestampsMs, values }))
}
