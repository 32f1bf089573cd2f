import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../../models/errors.ts'

/** A real server process on a free loopback port, with its data in a folder of ours. */
export interface Server {
  readonly name: string
  readonly url: string
  readonly port: number
  readonly pid: number
  /** SIGTERM, then SIGKILL after `graceMs`; resolves once it is gone. */
  stop(graceMs?: number): Promise<void>
  /** SIGKILL, as a crash would be. */
  kill(): Promise<void>
  /** Resolves with the exit code (or signal) when the process ends by itself or by us. */
  readonly exited: Promise<string>
}

export interface ServerOptions {
  /** Where data and `<name>.log` lie; made when missing. */
  readonly dir: string
  /** Default: a free port. */
  readonly port?: number
  readonly extraArgs?: readonly string[]
}

/** Asks the kernel for a port that nobody listens on. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' && address ? address.port : 0
      probe.close(() => resolve(port))
    })
  })
}

/** Redis with AOF and noeviction, as production asks for. */
export async function startRedis(options: ServerOptions): Promise<Server> {
  const port = options.port ?? (await freePort())
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', options.dir, '--save', '', '--appendonly', 'yes']
  return launch('redis-server', `redis://127.0.0.1:${port}`, port, options, [
    ...args,
    ...['--appendfsync', 'everysec', '--maxmemory-policy', 'noeviction', '--protected-mode', 'no'],
    ...(options.extraArgs ?? []),
  ])
}

/** VictoriaMetrics with a dedup of 1 ms (a sample sent twice is one) and a latency offset of 1 s (no frozen tail of 30 s). */
export async function startVictoriaMetrics(options: ServerOptions): Promise<Server> {
  const port = options.port ?? (await freePort())
  return launch('victoria-metrics', `http://127.0.0.1:${port}`, port, options, [
    `-httpListenAddr=127.0.0.1:${port}`,
    `-storageDataPath=${join(options.dir, 'victoria-metrics')}`,
    ...['-retentionPeriod=1', '-dedup.minScrapeInterval=1ms', '-search.latencyOffset=1s', '-loggerLevel=WARN'],
    ...(options.extraArgs ?? []),
  ])
}

/** Prometheus that takes remote writes; it scrapes nothing unless `extraArgs` names another config file. */
export async function startPrometheus(options: ServerOptions & { readonly configFile: string }): Promise<Server> {
  const port = options.port ?? (await freePort())
  return launch('prometheus', `http://127.0.0.1:${port}`, port, options, [
    `--config.file=${options.configFile}`,
    `--storage.tsdb.path=${join(options.dir, 'prometheus')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--web.enable-remote-write-receiver',
    ...(options.extraArgs ?? []),
  ])
}

/** Debian installs servers outside of a user's PATH; Homebrew calls VictoriaMetrics by the same name. */
export function findBinary(name: string): string | undefined {
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

async function launch(
  name: string,
  url: string,
  port: number,
  { dir }: ServerOptions,
  args: readonly string[],
): Promise<Server> {
  const binary = findBinary(name)
  if (!binary) throw new AppError('UNSUPPORTED', `${name} is not installed: run \`npm run demo\` once, or install it`)
  mkdirSync(dir, { recursive: true })
  const log = openSync(join(dir, `${name}.log`), 'a')
  const child = spawn(binary, args, { stdio: ['ignore', log, log], detached: true })
  closeSync(log)
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
  await listening(name, port, exited, join(dir, `${name}.log`))
  return {
    name,
    url,
    port,
    pid: child.pid ?? -1,
    exited,
    stop: (graceMs = 10_000) => end(child, exited, 'SIGTERM', graceMs),
    kill: () => end(child, exited, 'SIGKILL', 0),
  }
}

async function listening(name: string, port: number, exited: Promise<string>, logFile: string): Promise<void> {
  let ended: string | undefined
  void exited.then((why) => {
    ended = why
  })
  const deadline = Date.now() + 30_000
  while (Date.now() < deadline) {
    if (ended !== undefined) throw new AppError('UNSUPPORTED', `${name} ended at start (${ended}); see ${logFile}`)
    if (await answers(name, port)) return
    await sleep(25)
  }
  throw new AppError('UNSUPPORTED', `${name} does not answer on port ${port} after 30 s; see ${logFile}`)
}

async function answers(name: string, port: number): Promise<boolean> {
  if (name === 'redis-server') return redisAnswers(port)
  const path = name === 'prometheus' ? '/-/ready' : '/health'
  try {
    return (await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(2_000) })).ok
  } catch {
    return false
  }
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

async function end(
  child: ChildProcess,
  exited: Promise<string>,
  signal: NodeJS.Signals,
  graceMs: number,
): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill(signal)
  const timer = graceMs > 0 ? setTimeout(() => child.kill('SIGKILL'), graceMs) : undefined
  await exited
  clearTimeout(timer)
}
