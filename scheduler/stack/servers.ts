import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { AppError } from '../../models/errors.ts'
import { answers, freePort } from './ports.ts'
import { type ProcessSpec, type RunningProcess, startProcess } from './process.ts'

export { freePort } from './ports.ts'

/** A real server process on a free loopback port, with its data in a folder of ours. */
export interface Server extends RunningProcess {
  readonly url: string
  readonly port: number
}

export interface ServerSpec extends ProcessSpec {
  readonly url: string
  readonly port: number
}

export interface ServerOptions {
  /** Where the data lies; made when missing. */
  readonly dir: string
  /** Where `<name>.log` lies; default: with the data. */
  readonly logDir?: string
  /** Default: a free port. */
  readonly port?: number
  readonly extraArgs?: readonly string[]
}

export async function startRedis(options: ServerOptions): Promise<Server> {
  return startServer(await redisSpec(options))
}

export async function startVictoriaMetrics(options: ServerOptions): Promise<Server> {
  return startServer(await victoriaMetricsSpec(options))
}

/** Prometheus that takes remote writes; it scrapes nothing unless `configFile` says so. */
export async function startPrometheus(options: ServerOptions & { readonly configFile: string }): Promise<Server> {
  const port = options.port ?? (await freePort())
  return startServer(
    serverSpec('prometheus', { scheme: 'http', port, readyPath: '/-/ready' }, options, [
      `--config.file=${options.configFile}`,
      `--storage.tsdb.path=${join(options.dir, 'prometheus')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-remote-write-receiver',
    ]),
  )
}

/** Redis with AOF and noeviction, as production asks for. */
export async function redisSpec(options: ServerOptions): Promise<ServerSpec> {
  const port = options.port ?? (await freePort())
  const spec = serverSpec('redis-server', { scheme: 'redis', port }, options, [
    ...['--port', `${port}`, '--bind', '127.0.0.1', '--dir', options.dir, '--save', '', '--appendonly', 'yes'],
    ...['--appendfsync', 'everysec', '--maxmemory-policy', 'noeviction', '--protected-mode', 'no'],
  ])
  return { ...spec, ready: () => redisAnswers(port) }
}

/** VictoriaMetrics with a dedup of 1 ms (a sample sent twice is one) and a latency offset of 1 s (no frozen tail of 30 s). */
export async function victoriaMetricsSpec(options: ServerOptions): Promise<ServerSpec> {
  const port = options.port ?? (await freePort())
  return serverSpec('victoria-metrics', { scheme: 'http', port, readyPath: '/health' }, options, [
    `-httpListenAddr=127.0.0.1:${port}`,
    `-storageDataPath=${join(options.dir, 'victoria-metrics')}`,
    ...['-retentionPeriod=1', '-dedup.minScrapeInterval=1ms', '-search.latencyOffset=1s', '-loggerLevel=WARN'],
  ])
}

/** Metrics of the machine; undefined where no node exporter is installed. */
export async function nodeExporterSpec(options: ServerOptions): Promise<ServerSpec | undefined> {
  const name = ['prometheus-node-exporter', 'node_exporter'].find((command) => findBinary(command))
  if (name === undefined) return undefined
  const port = options.port ?? (await freePort())
  const args = [`--web.listen-address=127.0.0.1:${port}`, '--log.level=warn']
  return serverSpec(name, { scheme: 'http', port, readyPath: '/' }, options, args)
}

/** Debian installs servers outside of a user's PATH; Homebrew calls VictoriaMetrics by the same name. */
function findBinary(name: string): string | undefined {
  const path = [process.env.PATH ?? '', '/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin'].join(':')
  try {
    return execFileSync('sh', ['-c', `command -v ${name}`], {
      encoding: 'utf8',
      env: { ...process.env, PATH: path },
    }).trim()
  } catch {
    return undefined
  }
}

function serverSpec(
  name: string,
  { scheme, port, readyPath }: { readonly scheme: string; readonly port: number; readonly readyPath?: string },
  { dir, logDir = dir, extraArgs = [] }: ServerOptions,
  args: readonly string[],
): ServerSpec {
  const command = findBinary(name)
  if (!command) throw new AppError('UNSUPPORTED', `${name} is not installed: run \`npm run demo\` once, or install it`)
  mkdirSync(dir, { recursive: true })
  return {
    name,
    command,
    port,
    url: `${scheme}://127.0.0.1:${port}`,
    args: [...args, ...extraArgs],
    logFile: join(logDir, `${name}.log`),
    ready: () => answers(`http://127.0.0.1:${port}${readyPath}`),
  }
}

async function startServer(spec: ServerSpec): Promise<Server> {
  const running = await startProcess(spec)
  return { ...running, url: spec.url, port: spec.port }
}

/** A server that still loads its AOF accepts connections but answers -LOADING: only +PONG counts. */
function redisAnswers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 1_000 })
    const done = (ok: boolean) => {
      socket.destroy()
      resolve(ok)
    }
    socket.once('connect', () => socket.write('PING\r\n'))
    socket.once('data', (reply) => done(reply.toString().startsWith('+PONG')))
    socket.once('error', () => done(false))
    socket.once('timeout', () => done(false))
  })
}
