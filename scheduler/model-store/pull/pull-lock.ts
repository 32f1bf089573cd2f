import { randomUUID } from 'node:crypto'
import {
  linkSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { AppError } from '../../../models/errors.ts'
import { processIdentity } from '../../stack/process-identity.ts'

const holderSchema = z.object({
  token: z.string(),
  host: z.string(),
  /** Process numbers mean something within one of these only. */
  pidSpace: z.string(),
  pid: z.int(),
  identity: z.string(),
})
type Holder = z.output<typeof holderSchema>

export interface PullLock {
  /** Aborted when another puller has taken the lock, as after a long standstill of this process. */
  readonly lost: AbortSignal
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
    const own = identify()
    if (tryCreate(path, own)) return hold(path, own, staleMs)
    const holder = readHolder(path)
    if (isGone(path, holder, staleMs)) takeAway(path, holder)
    else {
      if (!hasWaited) onWait(holder ? `process ${holder.pid} on ${holder.host}` : 'another process')
      hasWaited = true
      await sleep(pollMs, undefined, { signal })
    }
  }
}

function hold(path: string, own: Holder, staleMs: number): PullLock {
  const lost = new AbortController()
  const isOwn = () => readHolder(path)?.token === own.token
  const showLife = setInterval(() => {
    try {
      if (!isOwn()) throw new AppError('CONFLICT', `another process has taken over ${path}`)
      utimesSync(path, new Date(), new Date())
    } catch (error) {
      lost.abort(error)
    }
  }, staleMs / 10)
  showLife.unref()
  return {
    lost: lost.signal,
    release() {
      clearInterval(showLife)
      if (isOwn()) rmSync(path, { force: true })
    },
  }
}

function identify(): Holder {
  const { pid } = process
  return { token: randomUUID(), host: hostname(), pidSpace: pidSpace(), pid, identity: processIdentity(pid) ?? '' }
}

function pidSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}

function tryCreate(path: string, holder: Holder): boolean {
  try {
    writeFileSync(path, JSON.stringify(holder), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** undefined when it is gone, or was cut off by a crash: then its age tells. */
function readHolder(path: string): Holder | undefined {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return undefined
  }
}

function isGone(path: string, holder: Holder | undefined, staleMs: number): boolean {
  const isHere = holder?.host === hostname() && holder.pidSpace === pidSpace()
  if (holder && isHere) return processIdentity(holder.pid) !== holder.identity
  const shownMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs
  return shownMs !== undefined && Date.now() - shownMs > staleMs
}

/** Two may see the same dead holder: what is moved away must be that one's, not the lock of who was quicker. */
function takeAway(path: string, dead: Holder | undefined): void {
  const aside = `${path}.${randomUUID()}`
  try {
    renameSync(path, aside)
    const moved = readHolder(aside)
    // where a third has come in between, whose lock this was learns it at its next sign of life
    if (moved && moved.token !== dead?.token) linkSync(aside, path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'EEXIST') throw error
  } finally {
    rmSync(aside, { force: true })
  }
}
