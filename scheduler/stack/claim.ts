import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { AppError } from '../../models/errors.ts'
import { createClaimFile, identifiedProcess, identifyProcess, isAlive, readClaimFile } from './claim-file.ts'
import { signalGroup } from './process.ts'

const record = z.object({
  owner: identifiedProcess,
  children: z.array(identifiedProcess.extend({ name: z.string() })),
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
  const own: ClaimRecord = { owner: identifyProcess(process.pid), children: [], urls: {} }
  if (!createClaimFile(path, own)) {
    await endLeftovers(dir, readClaimFile(path, record))
    rmSync(path, { force: true })
    if (!createClaimFile(path, own)) throw new AppError('CONFLICT', `another stack has just been started in ${dir}`)
  }
  const save = () => writeFileSync(path, JSON.stringify(own, undefined, 2))
  return {
    noteChild(name, pid) {
      own.children = [...own.children.filter((child) => child.name !== name), { name, ...identifyProcess(pid) }]
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
  const found = readClaimFile(join(dir, 'stack.json'), record)
  return found && isAlive(found.owner) ? found.urls : undefined
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
