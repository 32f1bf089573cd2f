import { createHash } from 'node:crypto'
import { constants, copyFileSync, existsSync, readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { explainLacking } from '../../../models/chronos/checkpoint/explain-lacking.ts'
import { AppError } from '../../../models/errors.ts'
import { readManifest } from '../manifest.ts'
import { sha256OfFile } from './checksum.ts'
import { type PullSource, requiredFiles, wantedFiles } from './source.ts'

/** A checkpoint in a folder of this machine: a volume, a USB disk, a snapshot in the cache of the hub's own client. */
export function folderSource(folder: string): PullSource {
  const from = resolve(folder)
  return {
    description: from,
    async list(signal) {
      assertCheckpoint(from)
      const names = wantedFiles.filter((name) => statSync(join(from, name), { throwIfNoEntry: false })?.isFile())
      const files = []
      for (const name of names) {
        const path = join(from, name)
        const sha256 = await sha256OfFile(path, signal)
        files.push({ name, sha256, bytes: statSync(path).size, gitOid: undefined })
      }
      const manifest = readManifest(from)
      if (!manifest) return { revision: revisionOf(files), files }
      for (const { name, sha256 } of files)
        if (manifest.files[name]?.sha256 !== sha256 && requiredFiles.includes(name))
          throw new AppError('MODEL_INVALID', `${join(from, name)} is not what was pulled: its sha256 is ${sha256}`)
      const { revision, requested } = manifest
      return { revision, files, ...(requested !== undefined && { requested }) }
    },
    async fetch(_listing, { name, bytes = 0 }, { path, onBytes }) {
      // a file system that can shares the blocks
      copyFileSync(join(from, name), path, constants.COPYFILE_FICLONE)
      onBytes(bytes)
      return undefined
    },
    async close() {},
  }
}

function assertCheckpoint(from: string): void {
  const lacking = requiredFiles.filter((name) => !existsSync(join(from, name)))
  if (lacking.length === 0) return
  const hint = explainLacking(existsSync(from) ? readdirSync(from) : []) ?? 'it is no checkpoint'
  throw new AppError('MODEL_INVALID', `${from} has no ${lacking.join(' and no ')}: ${hint}`)
}

/** The same for the same files, as a commit is. */
function revisionOf(files: readonly { readonly name: string; readonly sha256: string }[]): string {
  const hash = createHash('sha1')
  for (const { name, sha256 } of files) if (requiredFiles.includes(name)) hash.update(`${name} ${sha256}\n`)
  return hash.digest('hex')
}
