import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { AppError } from '../../models/errors.ts'
import { signalGroup } from './process.ts'
import { processIdentity } from './process-identity.ts'

const identified = z.object({ pid: z.int().positive(), identity: z.string() })
const record = z.object({
  owner: identified,
  children: z.array(identified.extend({ name: z.string() })),
  urls: z.record(z.string(), z.string()),
})
type ClaimRecord = z.output<typeof record>

/** A folder belongs to one stack at a time: two Redis on one append-only file would ruin it. */
export interface Claim {
  /** Lets the next stack tell leftovers of this one. */
  noteChild(name: string, pid: number): void
  noteUrls(urls: Readonly<Record<string, string>>): void
  release(): void
}

/**
 * Takes the folder, and first ends what a stack that was killed left running there.
 * @throws CONFLICT naming the owner while that is alive.
 */
export async function claimFolder(dir: string): Promise<Claim> {
  mkdirSync(dir, { recursive: true })
  const path = join(dir, 'stack.json')
  const own: ClaimRecord = { owner: identify(process.pid), children: [], urls: {} }
  if (!tryCreate(path, own)) {
    await endLeftovers(dir, readRecord(path))
    rmSync(path, { force: true })
    if (!tryCreate(path, own)) throw new AppError('CONFLICT', `another stack has just been started in ${dir}`)
  }
  const save = () => writeFileSync(path, JSON.stringify(own, undefined, 2))
  return {
    noteChild(name, pid) {
      own.children = [...own.children.filter((child) => child.name !== name), { name, ...identify(pid) }]
      save()
    },
    noteUrls(urls) {
      own.urls = { ...urls }
      save()
    },
    release: () => rmSync(path, { force: true }),
  }
}

/** Addresses of the stack that runs in the folder now; undefined when none does. */
export function runningUrls(dir: string): Readonly<Record<string, string>> | undefined {
  const found = readRecord(join(dir, 'stack.json'))
  return found && isAlive(found.owner) ? found.urls : undefined
}

function tryCreate(path: string, content: ClaimRecord): boolean {
  try {
    writeFileSync(path, JSON.stringify(content), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** undefined when there is none, or it was cut off by a crash: nothing is known then. */
function readRecord(path: string): ClaimRecord | undefined {
  try {
    return record.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return undefined
  }
}

async function endLeftovers(dir: string, left: ClaimRecord | undefined): Promise<void> {
  if (!left) return
  if (isAlive(left.owner)) {
    const where = left.urls.api ? `, its API is ${left.urls.api}` : ''
    throw new AppError(
      'CONFLICT',
      `a stack runs in ${dir} already (process ${left.owner.pid}${where}): stop it or use another --dir`,
    )
  }
  const alive = () => left.children.filter(isAlive)
  for (const { pid } of alive()) signalGroup(pid, 'SIGTERM')
  for (let tries = 0; tries < 100 && alive().length > 0; tries++) await sleep(100)
  for (const { pid } of alive()) signalGroup(pid, 'SIGKILL')
}

function identify(pid: number): z.output<typeof identified> {
  return { pid, identity: processIdentity(pid) ?? '' }
}

function isAlive({ pid, identity }: z.output<typeof identified>): boolean {
  return identity !== '' && processIdentity(pid) === identity
}
