import { setTimeout as sleep } from 'node:timers/promises'
import { toAppError } from '../../models/errors.ts'
import { startGuard } from './guard.ts'
import { type ProcessSpec, type RunningProcess, signalGroup, startProcess } from './process.ts'
import { type LivenessOptions, type Watched, watchLiveness } from './watch-liveness.ts'

export type ProcessEvent =
  | { readonly what: 'started' | 'ready'; readonly name: string; readonly pid: number }
  | { readonly what: 'stopped'; readonly name: string }
  | { readonly what: 'died'; readonly name: string; readonly why: string; readonly restartInMs: number }

export interface SupervisorOptions {
  readonly onEvent?: (event: ProcessEvent) => void
  /** Wait before the first restart; doubles up to `maxBackoffMs` while the process keeps dying. */
  readonly backoffMs?: number
  readonly maxBackoffMs?: number
  /** A process that stood this long begins with the first wait again. */
  readonly stableMs?: number
  /** How often, and how often in vain, a process is asked whether it lives. Default: every 5 s, 5 times in vain. */
  readonly liveness?: Pick<LivenessOptions, 'everyMs' | 'patience'>
}

/** Keeps processes of our own running. */
export interface Supervisor {
  /** Starts and waits until it is ready; from then on it is started again whenever it dies or goes deaf. A failed first start throws. */
  start(spec: ProcessSpec): Promise<void>
  /** undefined while it is not running. */
  pid(name: string): number | undefined
  /** In reverse order of their start, each with its grace. Nothing is left after it. */
  stop(graceMs?: number): Promise<void>
}

interface Supervised {
  readonly spec: ProcessSpec
  running: RunningProcess | undefined
  /** It is being ended because it does not answer. */
  deaf: boolean
  kept: Promise<void>
}

const defaultLiveness = { everyMs: 5_000, patience: 5 }
/** A suspended process takes no SIGTERM. */
const deafGraceMs = 2_000

export function supervise(options: SupervisorOptions = {}): Supervisor {
  const { onEvent = () => {}, backoffMs = 500, maxBackoffMs = 15_000, stableMs = 60_000 } = options
  const guard = startGuard()
  const stopping = new AbortController()
  const { signal } = stopping
  const all: Supervised[] = []
  void watchLiveness({ watched, onDeaf, signal, ...(options.liveness ?? defaultLiveness) })

  function watched(): readonly Watched[] {
    return all.flatMap(({ spec, running }) => (spec.alive && running ? [{ pid: running.pid, alive: spec.alive }] : []))
  }

  function onDeaf(pid: number): void {
    const one = all.find(({ running }) => running?.pid === pid)
    if (!one || one.deaf) return
    one.deaf = true
    void one.running?.stop(deafGraceMs)
  }

  async function launch(one: Supervised): Promise<RunningProcess> {
    signal.throwIfAborted()
    const { name } = one.spec
    const running = await startProcess(one.spec, {
      signal,
      started(pid, exited) {
        guard.watch(pid)
        onEvent({ what: 'started', name, pid })
        void exited.then(() => {
          // what it started itself must not live on beside its successor
          signalGroup(pid, 'SIGKILL')
          guard.leave(pid)
          one.running = undefined
        })
      },
    })
    one.running = running
    onEvent({ what: 'ready', name, pid: running.pid })
    return running
  }

  async function keep(one: Supervised, first: RunningProcess): Promise<void> {
    let failures = 0
    let startedMs = performance.now()
    let why = await first.exited
    while (!signal.aborted) {
      if (performance.now() - startedMs >= stableMs) failures = 0
      const restartInMs = Math.min(maxBackoffMs, backoffMs * 2 ** failures++)
      onEvent({ what: 'died', name: one.spec.name, why: one.deaf ? 'it did not answer' : why, restartInMs })
      one.deaf = false
      await sleep(restartInMs, undefined, { signal }).catch(() => {})
      if (signal.aborted) return
      startedMs = performance.now()
      const again = launch(one)
      why = await again.then(
        ({ exited }) => exited,
        (error: unknown) => toAppError(error).message,
      )
    }
  }

  return {
    async start(spec) {
      const one: Supervised = { spec, running: undefined, deaf: false, kept: Promise.resolve() }
      const launched = launch(one)
      one.kept = launched.then(
        (running) => keep(one, running),
        () => {},
      )
      all.push(one)
      await launched
    },
    pid: (name) => all.find(({ spec }) => spec.name === name)?.running?.pid,
    async stop(graceMs = 10_000) {
      stopping.abort()
      for (const one of all.toReversed()) {
        const { running } = one
        await running?.stop(graceMs)
        await one.kept
        // a restart that became ready at this very moment
        await one.running?.stop(graceMs)
        if (running) onEvent({ what: 'stopped', name: one.spec.name })
      }
      guard.close()
    },
  }
}
