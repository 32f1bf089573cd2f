import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { openCheckpoint } from '../../models/chronos/checkpoint/open-checkpoint.ts'
import { toAppError } from '../../models/errors.ts'
import type { InstalledModel } from './installed-models.ts'
import { sha256OfFile } from './pull/checksum.ts'

export interface Verification {
  /** Empty when it can be used. */
  readonly problems: readonly string[]
  /** False for a copied folder: only its headers could be checked. */
  readonly hasChecksums: boolean
}

/** Reads every byte and compares it with what was pulled, then the headers as a forecast would. */
export async function verifyModel(model: InstalledModel): Promise<Verification> {
  const { folder, manifest, damage } = model
  const problems = damage === undefined ? [] : [damage]
  for (const [name, recorded] of Object.entries(manifest?.files ?? {})) {
    const path = join(folder, name)
    if (!existsSync(path)) problems.push(`${path} is missing`)
    else if (statSync(path).size !== recorded.bytes)
      problems.push(`${path} has ${statSync(path).size} bytes, ${recorded.bytes} were pulled`)
    else if ((await sha256OfFile(path)) !== recorded.sha256) problems.push(`${path} is not what was pulled`)
  }
  if (problems.length === 0) problems.push(...checkpointProblems(folder))
  return { problems, hasChecksums: manifest !== undefined }
}

function checkpointProblems(folder: string): string[] {
  try {
    openCheckpoint(folder)
    return []
  } catch (error) {
    return [toAppError(error).message]
  }
}
