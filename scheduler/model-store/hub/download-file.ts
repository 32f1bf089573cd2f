import { rmSync, statSync } from 'node:fs'
import { open as openFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../../../models/errors.ts'
import type { FetchOptions, SourceFile } from '../pull/source.ts'
import type { HubResponse } from './hub-client.ts'

export interface DownloadPatience {
  /** Failures in a row, without `progressBytes` between them, after which it gives up. Default 5. */
  readonly attempts: number
  /** Default 1 MiB. */
  readonly progressBytes: number
  /** First wait after a failure; doubled each time, up to 30 s. Default 1 s. */
  readonly waitMs: number
  /** What comes in less than `slowBytes` (64 KiB) in each `slowMs` (60 s) counts as a failure. */
  readonly slowMs: number
  readonly slowBytes: number
}

const mebibyte = 1_048_576
const usual: DownloadPatience = {
  ...{ attempts: 5, progressBytes: mebibyte, waitMs: 1_000 },
  ...{ slowMs: 60_000, slowBytes: mebibyte / 16 },
}

/** Asks for the file from `offset` on. */
export type OpenFile = (
  offset: number,
  signal: AbortSignal,
) => Promise<Pick<HubResponse, 'status' | 'headers'> & { readonly body: AsyncIterable<Uint8Array> }>

type Options = FetchOptions & Partial<DownloadPatience>

/**
 * Brings the file to `path`, in as many pieces as it takes; what is there already is not asked for again.
 * @throws HUB_UNAVAILABLE when too many failures follow each other: what has come stays for another time.
 */
export async function downloadFile(open: OpenFile, file: SourceFile, options: Options): Promise<void> {
  const patience = { ...usual, ...options }
  const { path, signal, onRetry } = options
  let failures = 0
  let progressFrom = sizeOf(path)
  for (;;) {
    try {
      return await receive(open, file, { ...options, ...patience })
    } catch (error) {
      signal.throwIfAborted()
      const failure = toFailure(error, file, path)
      const hasProgressed = sizeOf(path) - progressFrom >= patience.progressBytes
      failures = hasProgressed ? 1 : failures + 1
      if (hasProgressed) progressFrom = sizeOf(path)
      if (!failure.retryable || failures >= patience.attempts) throw givenUp(failure, path)
      onRetry(failure.message)
      await sleep(failure.retryAfterMs ?? Math.min(patience.waitMs * 2 ** (failures - 1), 30_000), undefined, {
        signal,
      })
    }
  }
}

const diskCodes: readonly unknown[] = ['ENOSPC', 'EDQUOT', 'EFBIG', 'EACCES', 'EPERM', 'EROFS', 'EIO']

function toFailure(error: unknown, { name }: SourceFile, path: string): AppError {
  if (error instanceof AppError) return error
  const { code, message } = Object(error)
  if (diskCodes.includes(code))
    return new AppError('UNSUPPORTED', `${path} cannot be written (${code})`, { cause: error })
  return new AppError('HUB_UNAVAILABLE', `${name}: the connection was cut (${message ?? code})`, { cause: error })
}

function givenUp(failure: AppError, path: string): AppError {
  if (failure.code !== 'HUB_UNAVAILABLE' || sizeOf(path) === 0) return failure
  return new AppError('HUB_UNAVAILABLE', `${failure.message}; pull again to go on from there`, { cause: failure })
}

async function receive(open: OpenFile, file: SourceFile, options: Options & DownloadPatience): Promise<void> {
  const { path, signal } = options
  if (file.bytes !== undefined && sizeOf(path) > file.bytes) rmSync(path)
  const have = sizeOf(path)
  if (have > 0 && have === file.bytes) return
  const { status, headers, body } = await open(have, signal)
  const offset = startOf(status, headers['content-range'], have)
  if (offset === undefined) {
    await discard(body)
    rmSync(path, { force: true })
    throw new AppError('HUB_UNAVAILABLE', `${file.name}: what is there does not fit, it begins again`)
  }
  const target = await openFile(path, offset > 0 ? 'a' : 'w')
  try {
    // no stream: that would drop what it holds when the connection is cut
    for await (const piece of metered(body, { file, offset, ...options })) await target.writeFile(piece)
    await target.sync()
  } finally {
    await target.close()
  }
  const got = sizeOf(path)
  if (file.bytes !== undefined && got < file.bytes)
    throw new AppError('HUB_UNAVAILABLE', `${file.name}: the connection ended after ${got} of ${file.bytes} bytes`)
}

/** Ending the loop ends the connection. */
async function discard(body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of body) break
}

/** Where the answer's first byte belongs; undefined when it is no answer to what was asked. */
function startOf(status: number, contentRange: string | string[] | undefined, have: number): number | undefined {
  if (status === 200) return 0
  return status === 206 && `${contentRange}`.startsWith(`bytes ${have}-`) ? have : undefined
}

interface Meter extends DownloadPatience, Pick<FetchOptions, 'maxBytes' | 'onBytes'> {
  readonly file: SourceFile
  readonly offset: number
}

/** Passes bytes on while there are neither too many of them nor too few. */
async function* metered(pieces: AsyncIterable<Uint8Array>, meter: Meter): AsyncGenerator<Uint8Array> {
  const { file, maxBytes, onBytes, slowMs, slowBytes } = meter
  const most = Math.min(file.bytes ?? maxBytes, maxBytes)
  let got = meter.offset
  let windowFrom = { ms: performance.now(), bytes: got }
  for await (const piece of pieces) {
    got += piece.byteLength
    if (got > most) throw new AppError('MODEL_INVALID', `${file.name} is longer than ${most} bytes`)
    onBytes(got)
    yield piece
    const ms = performance.now()
    if (ms - windowFrom.ms < slowMs) continue
    if (got - windowFrom.bytes < slowBytes)
      throw new AppError(
        'HUB_UNAVAILABLE',
        `${file.name}: too slow, ${got - windowFrom.bytes} bytes in ${slowMs / 1_000} s`,
      )
    windowFrom = { ms, bytes: got }
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
