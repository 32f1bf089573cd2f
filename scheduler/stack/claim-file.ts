import { readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { processIdentity } from './process-identity.ts'

/** A process, told apart from a later one of the same number. */
export const identifiedProcess = z.object({ pid: z.int().positive(), identity: z.string() })
export type IdentifiedProcess = z.output<typeof identifiedProcess>

export function identifyProcess(pid: number): IdentifiedProcess {
  return { pid, identity: processIdentity(pid) ?? '' }
}

/** Of this machine, and of the numbers that are seen here. */
export function isAlive({ pid, identity }: IdentifiedProcess): boolean {
  return identity !== '' && processIdentity(pid) === identity
}

/** Writes a file that says whose something is; false where there is one. */
export function createClaimFile(path: string, content: object): boolean {
  try {
    writeFileSync(path, JSON.stringify(content), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** undefined when there is none, or it was cut off by a crash: nothing is known then. */
export function readClaimFile<T>(path: string, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return undefined
  }
}
