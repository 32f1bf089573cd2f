import { existsSync, mkdirSync, renameSync, rmSync, statfsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { openCheckpoint } from '../../../models/chronos/checkpoint/open-checkpoint.ts'
import { AppError } from '../../../models/errors.ts'
import { findInstalled, type InstalledModel } from '../installed-models.ts'
import { type Manifest, writeManifest } from '../manifest.ts'
import { gitOidOfFile, sha256OfFile } from './checksum.ts'
import { takePullLock } from './pull-lock.ts'
import type { PullSource, SourceFile, SourceListing } from './source.ts'

export type PullEvent =
  | { readonly event: 'waiting'; readonly holder: string }
  | { readonly event: 'listed'; readonly revision: string; readonly bytes: number | undefined }
  | { readonly event: 'bytes'; readonly file: string; readonly received: number; readonly bytes: number | undefined }
  | { readonly event: 'retry'; readonly reason: string }
  | { readonly event: 'checking'; readonly file: string }

export interface PullRequest {
  /** Folder of the store. */
  readonly dir: string
  readonly id: string
  readonly source: PullSource
  /** Longest file. */
  readonly maxBytes: number
  readonly signal: AbortSignal
  onEvent(event: PullEvent): void
}

export interface Pulled {
  readonly outcome: 'installed' | 'present'
  readonly model: InstalledModel
}

/**
 * Installs a model, whole or not at all: files are fetched aside, checked against the source's checksums and as a
 * checkpoint, and moved into place in one step. What was fetched before an interruption is used by the next pull.
 * @throws AppError naming the file and what is wrong with it.
 */
export async function pullModel(request: PullRequest): Promise<Pulled> {
  const { dir, id, source, onEvent } = request
  const partial = join(dir, '.partial', id.replace('/', '--'))
  makeFolder(dirname(partial))
  const lock = await takePullLock(`${partial}.lock`, {
    signal: request.signal,
    onWait: (holder) => onEvent({ event: 'waiting', holder }),
  })
  const signal = AbortSignal.any([request.signal, lock.lost])
  try {
    const listing = await source.list(signal)
    const fetching = { ...request, signal, listing, staging: join(partial, listing.revision) }
    const target = join(dir, id, listing.revision)
    const before = findRevision(dir, id, listing.revision)?.manifest
    const isPresent = before !== undefined && isWhole(target, before)
    const files = isPresent ? before.files : await fetchFiles(fetching)
    lock.assertHeld()
    const manifest = { ...manifestOf(fetching), files }
    // also where it was there: the newest is the one that a name without revision means
    writeManifest(isPresent ? target : fetching.staging, manifest)
    if (!isPresent) moveIntoPlace(fetching.staging, target)
    rmSync(partial, { recursive: true, force: true })
    const model = findRevision(dir, id, listing.revision)
    if (!model) throw new AppError('INTERNAL', `${target} is not there after the pull`)
    return { outcome: isPresent ? 'present' : 'installed', model }
  } finally {
    lock.release()
  }
}

interface Fetching extends PullRequest {
  readonly listing: SourceListing
  /** Where its files wait until all are there. */
  readonly staging: string
}

const findRevision = (dir: string, id: string, revision: string) => findInstalled(dir, { id, revision })

function manifestOf({ id, source, listing }: Fetching): Omit<Manifest, 'files'> {
  const { revision, requested } = listing
  const asked = requested === undefined ? {} : { requested }
  return { version: 1, model: id, revision, ...asked, source: source.description, pulledAt: new Date().toISOString() }
}

/** Nothing that a look at sizes shows is missing; `models verify` reads the bytes. */
function isWhole(folder: string, { files }: Manifest): boolean {
  return Object.entries(files).every(
    ([name, { bytes }]) => statSync(join(folder, name), { throwIfNoEntry: false })?.size === bytes,
  )
}

async function fetchFiles(fetching: Fetching): Promise<Manifest['files']> {
  const { dir, listing, maxBytes, staging, onEvent } = fetching
  const bytes = totalBytes(listing.files)
  onEvent({ event: 'listed', revision: listing.revision, bytes })
  for (const file of listing.files) assertSize(file, maxBytes)
  makeFolder(staging)
  assertRoom(dir, bytes ?? 0)
  const files: Manifest['files'] = {}
  for (const file of listing.files) files[file.name] = await fetchFile(fetching, file)
  checkCheckpoint(staging)
  return files
}

async function fetchFile(
  { source, listing, staging, maxBytes, signal, onEvent }: Fetching,
  file: SourceFile,
): Promise<Manifest['files'][string]> {
  const path = join(staging, file.name)
  const told = await source.fetch(listing, file, {
    ...{ path, maxBytes, signal },
    onBytes: (received) => onEvent({ event: 'bytes', file: file.name, received, bytes: file.bytes }),
    onRetry: (reason) => onEvent({ event: 'retry', reason }),
  })
  onEvent({ event: 'checking', file: file.name })
  const { size: bytes } = statSync(path)
  // what an earlier pull left there counts as well, so the file is read, not the stream
  const sha256 = await sha256OfFile(path, signal)
  const wanted = file.sha256 ?? told
  const gitOid = file.gitOid && (await gitOidOfFile(path, bytes, signal))
  if ((wanted !== undefined && wanted !== sha256) || gitOid !== file.gitOid) {
    rmSync(path)
    throw new AppError(
      'MODEL_INVALID',
      `${file.name} of ${source.description} is not what was announced: its sha256 is ${sha256}${wanted ? `, not ${wanted}` : ''}; nothing was installed`,
    )
  }
  if (wanted === undefined && gitOid === undefined && file.name.endsWith('.safetensors'))
    throw new AppError(
      'MODEL_INVALID',
      `${source.description} names no checksum of ${file.name}: fetch it by other means, check it, and pull --from that folder`,
    )
  return { bytes, sha256 }
}

function checkCheckpoint(staging: string): void {
  try {
    openCheckpoint(staging)
  } catch (error) {
    rmSync(staging, { recursive: true, force: true })
    throw error
  }
}

/** Over what a damaged copy of the same revision left there. */
function moveIntoPlace(staging: string, target: string): void {
  makeFolder(dirname(target))
  const aside = `${staging}.replaced`
  if (existsSync(target)) renameSync(target, aside)
  renameSync(staging, target)
  rmSync(aside, { recursive: true, force: true })
}

function totalBytes(files: readonly SourceFile[]): number | undefined {
  return files.reduce<number | undefined>(
    (sum, { bytes }) => (sum === undefined || bytes === undefined ? undefined : sum + bytes),
    0,
  )
}

function assertSize({ name, bytes = 0 }: SourceFile, maxBytes: number): void {
  if (bytes > maxBytes)
    throw new AppError('MODEL_INVALID', `${name} has ${bytes} bytes, more than models.maxBytes, ${maxBytes}`)
}

function assertRoom(dir: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(dir)
  if (bytes > bavail * bsize)
    throw new AppError('UNSUPPORTED', `${dir} has room for ${bavail * bsize} bytes, the model has ${bytes}`)
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new AppError(
      'UNSUPPORTED',
      `${folder} cannot be made (${code}): set AT_MODELS_DIR to a folder that can be written; a read-only one needs no pull`,
      { cause: error },
    )
  }
}
