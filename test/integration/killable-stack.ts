import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { FlowName } from '../../scheduler/queue/runs.ts'
import { answers } from '../../scheduler/stack/ports.ts'
import { type RunningProcess, startProcess } from '../../scheduler/stack/process.ts'
import { freePort, startRedis, startVictoriaMetrics } from '../../scheduler/stack/servers.ts'
import { buildDist } from './worker-process.ts'
import { writeGate } from './write-gate.ts'

/**
 * Scheduler and workers as production runs them, each worker's writes behind a gate, on real Redis and VictoriaMetrics.
 * Other datasources than `main` may be added; `grace`: how long runs may still end once their worker stops; `env`: further
 * settings of every process.
 */
export async function startKillableStack({
  others = [],
  grace = '1s',
  env = {},
}: Partial<Pick<Surroundings, 'others' | 'grace' | 'env'>> = {}) {
  await buildDist()
  const dir = mkdtempSync(join(tmpdir(), 'at-kill-'))
  const closers: (() => Promise<void>)[] = [async () => rmSync(dir, { recursive: true, force: true })]
  const closing = <T extends { stop(): Promise<void> }>(opened: T): T => {
    closers.push(() => opened.stop())
    return opened
  }
  const close = async () => {
    for (const end of closers.toReversed()) await end()
  }
  try {
    const redis = closing(await startRedis({ dir, extraArgs: ['--appendonly', 'no'] }))
    const store = closing(await startVictoriaMetrics({ dir }))
    const gates = { forecast: closing(await writeGate(store.url)), detect: closing(await writeGate(store.url)) }
    const start = processStarter(dir, {
      redisUrl: redis.url,
      readUrl: store.url,
      others,
      grace,
      env,
    })
    const startWorker = async (pool: FlowName): Promise<RunningProcess & { readonly url: string }> => {
      const { process, url } = await start(`worker-${pool}`, ['worker', '--pool', pool], gates[pool].writeUrl)
      return closing({ ...process, url })
    }
    const scheduler = await start('scheduler', ['scheduler'], `${store.url}/nowhere/api/v1/write`)
    closing(scheduler.process)
    const workers = { forecast: await startWorker('forecast'), detect: await startWorker('detect') }
    const restart = async (pool: FlowName) => {
      workers[pool] = await startWorker(pool)
    }
    return {
      storeUrl: store.url,
      /** Of the scheduler and the workers; empty. */
      modelsDir: join(dir, 'models'),
      gates,
      redis,
      scheduler: scheduler.process,
      workers,
      restart,
      /** One more. */
      startWorker,
      api: apiOf(scheduler.url),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

interface Surroundings {
  readonly redisUrl: string
  readonly readUrl: string
  readonly others: readonly object[]
  readonly grace: string
  readonly env: Readonly<Record<string, string>>
}

function processStarter(dir: string, { redisUrl, readUrl, others, grace, env }: Surroundings) {
  return async (name: string, args: readonly string[], writeUrl: string) => {
    const listen = `127.0.0.1:${await freePort()}`
    const url = `http://${listen}`
    const running = await startProcess({
      ...{ name, command: process.execPath, args: [resolve('dist/scheduler/cli.js'), ...args] },
      env: {
        PATH: process.env.PATH,
        AT_MODELS_DIR: join(dir, 'models'),
        AT_REDIS_URL: redisUrl,
        // the workers' write targets say that they are VictoriaMetrics, the scheduler's does not: no registration backfill
        AT_DATASOURCES: JSON.stringify([{ name: 'main', readUrl, writeUrl }, ...others]),
        ...{ AT_LISTEN: listen, AT_WORKER_LISTEN: listen },
        ...env,
        ...{ AT_WORKER_LOCK: '5s', AT_WORKER_STALLED_CHECK: '1s', AT_WORKER_GRACE: grace },
      },
      workingDir: dir,
      logFile: join(dir, `${name}.log`),
      ready: () => answers(`${url}/readyz`),
    })
    return { process: running, url }
  }
}

/** The API at an address. */
export function apiOf(url: string) {
  /** JSON of the API; an error answer throws. */
  return async <T>(method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${url}/api/v1/${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return JSON.parse(text) as T
  }
}
