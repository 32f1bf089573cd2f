import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'

/** In hexadecimal. */
export async function sha256OfFile(path: string, signal?: AbortSignal): Promise<string> {
  return hashFile(path, createHash('sha256'), signal)
}

/** The id that git gives to these bytes. */
export async function gitOidOfFile(path: string, bytes: number, signal?: AbortSignal): Promise<string> {
  return hashFile(path, createHash('sha1').update(`blob ${bytes}\0`), signal)
}

async function hashFile(
  path: string,
  hash: ReturnType<typeof createHash>,
  signal: AbortSignal | undefined,
): Promise<string> {
  await pipeline(createReadStream(path, { highWaterMark: 1_048_576 }), hash, { signal })
  return hash.digest('hex')
}
