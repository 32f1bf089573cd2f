import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AppError } from '../../models/errors.ts'
import { formatUrl, type ListenAddress, parseAddress } from '../config/address.ts'
import { keptMemory } from '../process/kept-memory.ts'
import { claimFolder } from './claim.ts'
import { answers } from './ports.ts'
import type { ProcessSpec } from './process.ts'
import { type ProcessEvent, type Supervisor, type SupervisorOptions, supervise } from './processes.ts'
import { type RememberedPorts, rememberedPorts } from './remembered-ports.ts'
import { type ScrapeTarget, scrapeConfig } from './scrape-config.ts'
import { nodeExporterSpec, redisSpec, type ServerSpec, victoriaMetricsSpec } from './servers.ts'

/** `own`: started by us. `configured`: our processes find it in their configuration. Else the URL of one that runs. */
export type ServerChoice = 'own' | 'configured' | { readonly url: string }

export interface StackOptions {
  /** Data, logs and the record of what runs. */
  readonly dir: string
  readonly redis?: ServerChoice
  readonly store?: ServerChoice
  /** host:port of the API; default: a free loopback port, the same at the next start. */
  readonly listen?: string
  /** Of a store of its own; default: a free port, the same at the next start. */
  readonly storePort?: number
  /** Of our own processes; default: ours. */
  readonly environment?: NodeJS.ProcessEnv
  /** Where our own processes look for anomaly-times.yaml; default: here. */
  readonly workingDir?: string
  /** The command that our own processes run. */
  readonly cliPath?: string
  /** Runs once the servers answer, before the first of our own processes. */
  prepare?(urls: StackUrls): Promise<void>
  onEvent?(event: ProcessEvent): void
  readonly liveness?: SupervisorOptions['liveness']
  /** Aborted during the start: what was started is stopped again. */
  readonly signal?: AbortSignal
}

export interface StackUrls {
  readonly api: string
  /** Absent where they are configured elsewhere. */
  readonly redis?: string
  readonly store?: string
}

export interface Stack {
  readonly urls: StackUrls
  /** The store scrapes itself and us; `machine`: and a node exporter. */
  readonly scrapes: boolean
  readonly machine: boolean
  /** Of `scheduler`, `worker-forecast`, `worker-detect`, `redis-server`, `victoria-metrics`; undefined while it is down. */
  pid(name: string): number | undefined
  /** In reverse order; nothing is left running. */
  stop(): Promise<void>
}

const pools = ['forecast', 'detect'] as const
/** More than a worker takes by default to end its runs (worker.grace) or hand them back. */
const graceMs = 40_000

/**
 * The whole platform on one machine: servers, scheduler and one worker per pool, each a process of its own that is
 * started again when it dies. Resolves when all are ready; when one is not, all are stopped and it throws.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const dir = resolve(options.dir)
  const claim = await claimFolder(dir)
  const supervisor = supervise({
    ...(options.liveness && { liveness: options.liveness }),
    onEvent(event) {
      if (event.what === 'started') claim.noteChild(event.name, event.pid)
      options.onEvent?.(event)
    },
  })
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= supervisor.stop(graceMs).then(claim.release)
    return stopped
  }
  options.signal?.addEventListener('abort', stop, { once: true })
  try {
    const plan = await planStack({ ...options, dir })
    claim.noteUrls({ ...plan.urls })
    await startServers(supervisor, plan.servers)
    await options.prepare?.(plan.urls)
    await supervisor.start(plan.scheduler)
    await Promise.all(plan.workers.map((worker) => supervisor.start(worker)))
    options.signal?.removeEventListener('abort', stop)
    return { urls: plan.urls, scrapes: plan.scrapes, machine: plan.machine, pid: supervisor.pid, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

interface StackPlan {
  readonly urls: StackUrls
  readonly servers: readonly ServerSpec[]
  readonly scheduler: ProcessSpec
  readonly workers: readonly ProcessSpec[]
  readonly scrapes: boolean
  readonly machine: boolean
}

/** All ports are chosen before anything starts, since the store is told to scrape them. */
async function planStack(options: StackOptions): Promise<StackPlan> {
  const { dir, redis = 'own', store = 'own' } = options
  const logDir = join(dir, 'logs')
  const ports = rememberedPorts(dir)
  const listen = await listenAddress(options.listen, ports)
  const storePort = store === 'own' ? await ownStorePort(options.storePort, ports) : undefined
  const workerPorts = await Promise.all(pools.map((pool) => ports.any(`worker-${pool}`)))
  const ownRedis =
    redis === 'own' ? await redisSpec({ dir: join(dir, 'redis'), logDir, port: await ports.any('redis') }) : undefined
  const exporter =
    storePort === undefined
      ? undefined
      : await nodeExporterSpec({ dir, logDir, port: await ports.any('node-exporter') })
  const ownStore =
    storePort === undefined
      ? undefined
      : await scrapingStore(dir, storePort, scrapeTargets(listen.port, workerPorts, exporter))
  const urls = {
    api: formatUrl({ ...listen, host: listen.host === '0.0.0.0' ? '127.0.0.1' : listen.host }),
    ...urlOf('redis', ownRedis, redis),
    ...urlOf('store', ownStore, store),
  }
  const own = ownProcess({ ...options, environment: environmentOf(options, listen, urls) })
  return {
    urls,
    servers: [ownRedis, ownStore, exporter].filter((spec) => spec !== undefined),
    scheduler: own('scheduler', ['scheduler'], urls.api),
    workers: pools.map((pool, i) =>
      own(`worker-${pool}`, ['worker', '--pool', pool], `http://127.0.0.1:${workerPorts[i]!}`),
    ),
    scrapes: ownStore !== undefined,
    machine: exporter !== undefined,
  }
}

async function listenAddress(text: string | undefined, ports: RememberedPorts): Promise<ListenAddress> {
  const address = parseAddress(text ?? '127.0.0.1:0')
  const port = address.port === 0 ? await ports.any('api') : await ports.exactly('api', address.port, '--port')
  return { ...address, port }
}

function ownStorePort(port: number | undefined, ports: RememberedPorts): Promise<number> {
  return port === undefined ? ports.any('store') : ports.exactly('store', port, '--store-port')
}

function urlOf(
  name: 'redis' | 'store',
  own: ServerSpec | undefined,
  choice: ServerChoice,
): { readonly redis?: string; readonly store?: string } {
  const url = own?.url ?? (typeof choice === 'object' ? choice.url : undefined)
  return url === undefined ? {} : { [name]: url }
}

/** What is not set here stays as configured. */
function environmentOf(options: StackOptions, listen: ListenAddress, { redis, store }: StackUrls): NodeJS.ProcessEnv {
  const { dir, environment = process.env } = options
  const known = options.store === undefined || options.store === 'own'
  const datasource = {
    name: 'local',
    readUrl: store,
    ...(known ? { kind: 'victoriametrics', evalDelay: '5s' } : {}),
  }
  return {
    AT_STATE_DIR: join(dir, 'state'),
    ...environment,
    AT_LISTEN: formatUrl(listen).slice('http://'.length),
    ...(redis === undefined ? {} : { AT_REDIS_URL: redis }),
    ...(store === undefined ? {} : { AT_DATASOURCES: JSON.stringify([datasource]) }),
  }
}

async function startServers(supervisor: Supervisor, servers: readonly ServerSpec[]): Promise<void> {
  for (const server of servers) await supervisor.start(server)
}

function scrapeTargets(
  apiPort: number,
  workerPorts: readonly number[],
  exporter: ServerSpec | undefined,
): ScrapeTarget[] {
  return [
    { job: 'anomaly-times', instance: 'scheduler', port: apiPort },
    ...pools.map((pool, i) => ({ job: 'anomaly-times', instance: `worker-${pool}`, port: workerPorts[i]! })),
    ...(exporter ? [{ job: 'node', instance: 'localhost', port: exporter.port }] : []),
  ]
}

/** VictoriaMetrics that scrapes itself and the targets. */
async function scrapingStore(dir: string, port: number, targets: readonly ScrapeTarget[]): Promise<ServerSpec> {
  const path = join(dir, 'scrape.json')
  const own = { job: 'victoria-metrics', instance: 'victoria-metrics', port }
  mkdirSync(dir, { recursive: true })
  writeFileSync(path, scrapeConfig([own, ...targets]))
  return victoriaMetricsSpec({ dir, logDir: join(dir, 'logs'), port, extraArgs: [`-promscrape.config=${path}`] })
}

function ownProcess({ dir, environment, cliPath = builtCli(), workingDir = process.cwd() }: StackOptions) {
  if (!existsSync(cliPath)) throw new AppError('UNSUPPORTED', `${cliPath} is missing: run npm run build`)
  // one that waits for its debugger is not deaf
  const isDebugged = /--inspect/.test(environment?.NODE_OPTIONS ?? '')
  return (name: string, args: readonly string[], url: string): ProcessSpec => ({
    name,
    command: process.execPath,
    args: [cliPath, ...args],
    workingDir,
    env: { ...keptMemory, ...environment, AT_WORKER_LISTEN: new URL(url).host },
    logFile: join(dir, 'logs', `${name}.log`),
    ready: () => answers(`${url}/readyz`),
    ...(!isDebugged && { alive: () => answers(`${url}/livez`) }),
  })
}

/** dist/scheduler/cli.js, also when this runs from its source. */
function builtCli(): string {
  const root = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../../' : '../../../', import.meta.url))
  return join(root, 'dist', 'scheduler', 'cli.js')
}
