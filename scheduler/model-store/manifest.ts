import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { AppError } from '../../models/errors.ts'

/** Lies beside the files of a pulled model and says what they were then. */
export const manifestName = 'anomaly-times.json'

const manifestSchema = z.object({
  version: z.literal(1),
  model: z.string(),
  /** Commit of the hub; of a folder, a hash of its files. */
  revision: z.string().regex(/^[0-9a-f]{40,64}$/),
  /** What was asked for: a branch, a tag, a commit. */
  requested: z.string().optional(),
  source: z.string(),
  pulledAt: z.iso.datetime(),
  files: z.record(z.string(), z.object({ bytes: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) })),
})
export type Manifest = z.output<typeof manifestSchema>

/** undefined where there is none: somebody copied the folder there. @throws MODEL_INVALID naming the file. */
export function readManifest(folder: string): Manifest | undefined {
  const path = join(folder, manifestName)
  try {
    return manifestSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new AppError('MODEL_INVALID', `${path} cannot be read: pull the model again`, { cause: error })
  }
}

export function writeManifest(folder: string, manifest: Manifest): void {
  const path = join(folder, manifestName)
  writeFileSync(`${path}.new`, `${JSON.stringify(manifest, undefined, 2)}\n`, { flush: true })
  renameSync(`${path}.new`, path)
}
