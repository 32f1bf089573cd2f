import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'

const gzipped = promisify(gzip)
const gunzipped = promisify(gunzip)

// a magic and a version before every stored form
const magic = Buffer.from('ATF1')
const mostBytes = 2 ** 28

/** Text as it is kept in Redis. zlib works in a thread of its own. */
export async function packText(text: string | Buffer): Promise<Buffer> {
  // level 3: a tenth larger than the default, in a third of the time
  return Buffer.concat([magic, await gzipped(text, { level: 3 })])
}

/** undefined where another version wrote it. */
export async function unpackText(packed: Buffer): Promise<Buffer | undefined> {
  if (!packed.subarray(0, magic.length).equals(magic)) return undefined
  return gunzipped(packed.subarray(magic.length), { maxOutputLength: mostBytes })
}
