import { z } from 'zod'
import { explainLacking } from '../../../models/chronos/checkpoint/explain-lacking.ts'
import { AppError } from '../../../models/errors.ts'
import { requiredFiles, type SourceFile, type SourceListing, wantedFiles } from '../pull/source.ts'
import type { HubClient } from './hub-client.ts'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

const listingSchema = z.object({
  // becomes the name of a folder
  sha: z.string().regex(/^[0-9a-f]{40,64}$/),
  siblings: z
    .array(
      z.object({
        rfilename: z.string(),
        size: z.int().min(0).nullish(),
        blobId: z.string().nullish(),
        lfs: z.object({ sha256: sha256.nullish(), size: z.int().min(0).nullish() }).nullish(),
      }),
    )
    .max(100_000),
})

// a listing of 20,000 files
const maxListingBytes = 8 * 1_024 * 1_024
const listingTimeoutMs = 60_000

export interface HubModelName {
  readonly id: string
  /** Branch, tag or commit; default: main. */
  readonly revision: string
}

/**
 * The commit that a revision is now, and those of its files that a checkpoint needs.
 * @throws NOT_FOUND, HUB_DENIED, HUB_UNAVAILABLE; MODEL_INVALID when it is no checkpoint that we read.
 */
export async function listHubModel(
  hub: HubClient,
  { id, revision }: HubModelName,
  signal: AbortSignal,
): Promise<SourceListing> {
  const what = `model ${id}${revision === 'main' ? '' : ` in revision ${revision}`}`
  const { body } = await hub.get({
    path: `/api/models/${id}/revision/${encodeURIComponent(revision)}?blobs=true`,
    signal: AbortSignal.any([signal, AbortSignal.timeout(listingTimeoutMs)]),
    what,
  })
  const parsed = listingSchema.safeParse(parseJson(await readText(body, `${hub.endpoint}: the listing of ${what}`)))
  if (!parsed.success)
    throw new AppError('RESPONSE_INVALID', `${hub.endpoint} lists ${what} not as a model hub does`, {
      cause: parsed.error,
    })
  const { sha, siblings } = parsed.data
  const names = siblings.map(({ rfilename }) => rfilename)
  assertCheckpoint(names, what)
  return { revision: sha, requested: revision, files: siblings.filter(isWanted).map(describeFile) }
}

type Sibling = z.output<typeof listingSchema>['siblings'][number]

const isWanted = ({ rfilename }: Sibling): boolean => wantedFiles.includes(rfilename)

function describeFile({ rfilename, size, blobId, lfs }: Sibling): SourceFile {
  return {
    name: rfilename,
    bytes: lfs?.size ?? size ?? undefined,
    sha256: lfs?.sha256 ?? undefined,
    // of a large file that is the hash of its pointer
    gitOid: lfs || !blobId || !/^[0-9a-f]{40}$/.test(blobId) ? undefined : blobId,
  }
}

function assertCheckpoint(names: readonly string[], what: string): void {
  const lacking = requiredFiles.filter((name) => !names.includes(name))
  if (lacking.length === 0) return
  const hint = explainLacking(names)
  throw new AppError('MODEL_INVALID', `${what} has no ${lacking.join(' and no ')}${hint ? `: ${hint}` : ''}`)
}

async function readText(body: AsyncIterable<Uint8Array>, what: string): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of body) {
    bytes += part.byteLength
    if (bytes > maxListingBytes)
      throw new AppError('RESPONSE_INVALID', `${what} is longer than ${maxListingBytes} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
