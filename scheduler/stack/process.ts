import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../../models/errors.ts'

export interface ProcessSpec {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** In place of our own environment. */
  readonly env?: NodeJS.ProcessEnv
  readonly workingDir?: string
  /** Its output is appended here. */
  readonly logFile: string
  /** Asked again and again until it says true. */
  ready(): Promise<boolean>
  /** Asked every few seconds once it is ready: whoever says no for long is started again. Default: not asked. */
  alive?(): Promise<boolean>
  /** Default 30 s. */
  readonly readyTimeoutMs?: number
}

export interface RunningProcess {
  readonly name: string
  readonly pid: number
  /** SIGTERM, then SIGKILL after `graceMs`; resolves once it and all it started are gone. */
  stop(graceMs?: number): Promise<void>
  /** SIGKILL, as a crash would be. */
  kill(): Promise<void>
  /** Resolves with the exit code (or signal) when the process ends by itself or by us. */
  readonly exited: Promise<string>
}

const maxLogBytes = 20_000_000

/**
 * Starts a process at the head of a group of its own, so that a Ctrl-C reaches us alone and we end it in order.
 * Resolves when it is ready; one that does not become so is killed. `started` learns the pid before that.
 */
export async function startProcess(
  spec: ProcessSpec,
  {
    signal,
    started,
  }: { readonly signal?: AbortSignal; readonly started?: (pid: number, exited: Promise<string>) => void } = {},
): Promise<RunningProcess> {
  const log = openLog(spec.logFile)
  const child = spawn(spec.command, spec.args, {
    stdio: ['ignore', log, log],
    detached: true,
    env: spec.env,
    cwd: spec.workingDir,
  })
  closeSync(log)
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, by) => resolve(by ?? `exit code ${code}`))
  })
  const { pid } = child
  if (pid === undefined) throw new AppError('UNSUPPORTED', `${spec.name} cannot be started: ${await exited}`)
  started?.(pid, exited)
  const running = runningProcess(spec.name, pid, exited)
  try {
    await untilReady(spec, exited, signal)
  } catch (error) {
    await running.kill()
    throw error
  }
  return running
}

function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true })
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > maxLogBytes) renameSync(path, `${path}.1`)
  return openSync(path, 'a')
}

function runningProcess(name: string, pid: number, exited: Promise<string>): RunningProcess {
  const end = async (signal: NodeJS.Signals, graceMs: number) => {
    signalGroup(pid, signal)
    const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), graceMs)
    await exited
    clearTimeout(timer)
    signalGroup(pid, 'SIGKILL')
  }
  return {
    name,
    pid,
    exited,
    stop: (graceMs = 10_000) => end('SIGTERM', graceMs),
    kill: () => end('SIGKILL', 1_000),
  }
}

/** Signals a process and all it started; one that is gone already is fine. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    // macOS answers EPERM for a group of which only a zombie is left
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

async function untilReady(spec: ProcessSpec, exited: Promise<string>, signal: AbortSignal | undefined): Promise<void> {
  const { name, logFile, readyTimeoutMs = 30_000 } = spec
  let ended: string | undefined
  void exited.then((why) => {
    ended = why
  })
  const deadlineMs = performance.now() + readyTimeoutMs
  while (performance.now() < deadlineMs) {
    if (ended !== undefined)
      throw new AppError('UNSUPPORTED', `${name} ended at its start (${ended}); ${logEnd(logFile)}`)
    const ready = await spec.ready()
    signal?.throwIfAborted()
    if (ready) return
    await sleep(25)
  }
  throw new AppError('UNSUPPORTED', `${name} is not ready after ${readyTimeoutMs / 1000} s; ${logEnd(logFile)}`)
}

/** Where the log is, and its last lines. */
function logEnd(path: string): string {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n').slice(-3)
  return [`see ${path}`, ...lines.map((line) => `  ${line.slice(0, 300)}`)].join('\n')
}
