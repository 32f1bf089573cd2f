import { randomUUID } from 'node:crypto'
import { mkdirSync, readlinkSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { AppError } from '../../../models/errors.ts'
import { createClaimFile, identifiedProcess, identifyProcess, isAlive, readClaimFile } from '../../stack/claim-file.ts'

const holderSchema = identifiedProcess.extend({
  /** Part of a file's name. */
  token: z.string().regex(/^[\w-]+$/),
  host: z.string(),
  /** Process numbers mean something within one of these only. */
  pidSpace: z.string(),
})
type Holder = z.output<typeof holderSchema>

export interface PullLock {
  /** Aborted when another puller has taken the lock, as after a long standstill of this process. */
  readonly lost: AbortSignal
  /** @throws CONFLICT when another has it, though no sign of life has shown that yet. */
  assertHeld(): void
  release(): void
}

export interface LockOptions {
  readonly signal: AbortSignal
  /** Once, when somebody else holds it. */
  onWait(holder: string): void
  /** A holder that has not shown life for so long is gone. Default 60 s; a holder of this machine is looked up. */
  readonly staleMs?: number
  readonly pollMs?: number
}

/**
 * One puller per path, also across machines that share the volume: waits for the holder, and takes over from one that was
 * killed. A file and its time are used because no lock of the kernel reaches over every kind of network volume.
 */
export async function takePullLock(
  path: string,
  { signal, onWait, staleMs = 60_000, pollMs = 500 }: LockOptions,
): Promise<PullLock> {
  mkdirSync(dirname(path), { recursive: true })
  let hasWaited = false
  for (;;) {
    signal.throwIfAborted()
    const taker = { own: identify(), staleMs }
    if (tryTake(path, taker)) return hold(path, taker)
    if (!hasWaited) onWait(describe(readHolder(path)))
    hasWaited = true
    await sleep(pollMs, undefined, { signal })
  }
}

const describe = (holder: Holder | undefined) =>
  holder ? `process ${holder.pid} on ${holder.host}` : 'another process'

/** undefined when it is gone, or was cut off by a crash: then its age tells. */
const readHolder = (path: string) => readClaimFile(path, holderSchema)

interface Taker {
  readonly own: Holder
  readonly staleMs: number
}

/** Creates the lock, or puts it in the place of one whose holder is gone. */
function tryTake(path: string, taker: Taker): boolean {
  const { own, staleMs } = taker
  if (createClaimFile(path, own)) return true
  const holder = readHolder(path)
  if (!isGone(path, holder, staleMs)) return false
  return changeAlone(path, { holder, taker }, () => {
    if (!isGone(path, readHolder(path), staleMs)) return false
    const aside = `${path}.${own.token}.new`
    writeFileSync(aside, JSON.stringify(own))
    renameSync(aside, path)
    return true
  })
}

/**
 * Many may see the same dead holder, and a slow one must not act on the lock of who was quicker: only who has locked the
 * holder's name may end its lock, and the look at it is repeated then. That lock is taken over like any other.
 */
function changeAlone(
  path: string,
  { holder, taker }: { readonly holder: Holder | undefined; readonly taker: Taker },
  change: () => boolean,
): boolean {
  const claim = `${path}.${holder?.token ?? 'unreadable'}`
  if (!tryTake(claim, taker)) return false
  try {
    return readHolder(path)?.token === holder?.token && change()
  } finally {
    rmSync(claim, { force: true })
  }
}

function hold(path: string, taker: Taker): PullLock {
  const { own, staleMs } = taker
  const lost = new AbortController()
  const isOwn = () => readHolder(path)?.token === own.token
  const assertHeld = () => {
    if (!isOwn()) throw new AppError('CONFLICT', `another process has taken over ${path}`)
  }
  const showLife = setInterval(() => {
    try {
      assertHeld()
      utimesSync(path, new Date(), new Date())
    } catch (error) {
      lost.abort(error)
    }
  }, staleMs / 10)
  showLife.unref()
  return {
    lost: lost.signal,
    assertHeld,
    release() {
      clearInterval(showLife)
      if (!isOwn()) return
      changeAlone(path, { holder: own, taker }, () => {
        rmSync(path, { force: true })
        return true
      })
    },
  }
}

function identify(): Holder {
  return { token: randomUUID(), host: hostname(), pidSpace: pidSpace(), ...identifyProcess(process.pid) }
}

function pidSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}

function isGone(path: string, holder: Holder | undefined, staleMs: number): boolean {
  const isHere = holder?.host === hostname() && holder.pidSpace === pidSpace()
  if (holder && isHere) return !isAlive(holder)
  const shownMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs
  return shownMs !== undefined && Date.now() - shownMs > staleMs
}
