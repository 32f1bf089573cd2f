import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { answers, freePort } from '../../scheduler/stack/ports.ts'
import { type RunningProcess, startProcess } from '../../scheduler/stack/process.ts'
import { type Server, startRedis } from '../../scheduler/stack/servers.ts'
import { createScheduleStore, type ScheduleStore } from '../../scheduler/store/ticks/schedule-store.ts'
import { createTickStore, type TickStore } from '../../scheduler/store/ticks/tick-store.ts'

/** A scheduler and a detect worker, each a process of its own, over a real Redis with its append-only file. */
export interface Platform {
  readonly redis: Redis
  readonly schedules: ScheduleStore
  readonly ticks: TickStore
  readonly processes: { readonly planner: RunningProcess; readonly worker: RunningProcess }
  readonly redisPid: () => number
  /** Runs that workers have ended since they were started. */
  endedRuns(): Promise<number>
  /** Ticks that ended as a run, of all schedules. */
  allRuns(): Promise<number>
  /** Redis is stopped, and started again with what its file holds. */
  stopRedis(awayMs: number): Promise<void>
  close(): Promise<void>
}

/** Runs at a time: they wait for Redis alone. */
const concurrency = 50

export async function openPlatform(): Promise<Platform> {
  const dir = mkdtempSync(join(tmpdir(), 'anomaly-times-bench-'))
  const closers: (() => Promise<unknown>)[] = [async () => rmSync(dir, { recursive: true, force: true })]
  const close = async () => {
    for (const end of closers.toReversed()) await end()
  }
  try {
    let server: Server = await startRedis({ dir })
    closers.push(() => server.stop())
    const start = async (name: string, args: readonly string[]) => {
      const started = await startOwn(dir, { name, args, redisUrl: server.url })
      closers.push(() => started.process.stop())
      return started
    }
    const planner = await start('scheduler', ['scheduler'])
    const worker = await start('worker', ['worker', '--pool', 'detect'])
    const redis = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 50 })
    redis.on('error', () => undefined)
    closers.push(async () => redis.disconnect())
    const [schedules, ticks] = [createScheduleStore(redis), createTickStore(redis)]
    return {
      ...{ redis, schedules, ticks },
      processes: { planner: planner.process, worker: worker.process },
      redisPid: () => server.pid,
      async endedRuns() {
        const text = await (await fetch(`${worker.url}/metrics`)).text()
        const pattern = /^anomaly_times_runs_total\{flow="detect",result="succeeded"\} (\d+)/m
        return Number(pattern.exec(text)?.[1] ?? 0)
      },
      async allRuns() {
        let runs = 0
        for await (const key of schedules.all()) runs += (await ticks.counters(key)).run ?? 0
        return runs
      },
      async stopRedis(awayMs) {
        await server.stop()
        await new Promise((resolve) => setTimeout(resolve, awayMs))
        server = await startRedis({ dir, port: server.port })
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

export interface OwnProcess {
  readonly name: string
  readonly args: readonly string[]
  readonly redisUrl: string
  /** Default: none. */
  readonly datasources?: readonly object[]
}

/** A process of ours in a folder of its own, ready. */
export async function startOwn(dir: string, { name, args, redisUrl, datasources = [] }: OwnProcess) {
  const listen = `127.0.0.1:${await freePort()}`
  const url = `http://${listen}`
  const cli = fileURLToPath(new URL('../../scheduler/cli.js', import.meta.url))
  const process = await startProcess({
    ...{ name, command: globalThis.process.execPath, args: [cli, ...args], workingDir: dir },
    env: {
      ...{ PATH: globalThis.process.env.PATH, AT_REDIS_URL: redisUrl, AT_DATASOURCES: JSON.stringify(datasources) },
      ...{ AT_LISTEN: listen, AT_WORKER_LISTEN: listen, AT_WORKER__CONCURRENCY__DETECT: `${concurrency}` },
      ...{ AT_LOG_LEVEL: 'warn', AT_MODELS_DIR: join(dir, 'models') },
    },
    logFile: join(dir, `${name}.log`),
    ready: () => answers(`${url}/readyz`),
  })
  return { process, url }
}
