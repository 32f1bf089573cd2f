import { promisify } from 'node:util'
import { deflateRaw, inflateRaw } from 'node:zlib'
import type { Labels, SeriesIdentity } from '../../models/series.ts'
import type { BandRows, Payload, PayloadMeta, PayloadSeries, SeriesRecords, Skip } from '../deps.ts'

// Bump with any change of what follows; a reader takes an unknown version for absent.
const version = 1
const headMagic = Buffer.from('ATF')
const entryMagic = `ATL${version}`

/** Every decoder returns undefined for bytes that this version cannot read. */
export interface PayloadHead {
  readonly seriesCount: number
}

/** Bears magic and version for all fields of a payload. */
export function encodeHead({ seriesCount }: PayloadHead): Buffer {
  const head = Buffer.alloc(8)
  headMagic.copy(head)
  head.writeUInt8(version, 3)
  head.writeUInt32LE(seriesCount, 4)
  return head
}

export function decodeHead(bytes: Buffer): PayloadHead | undefined {
  if (bytes.length !== 8 || !bytes.subarray(0, 3).equals(headMagic) || bytes.readUInt8(3) !== version) return undefined
  return { seriesCount: bytes.readUInt32LE(4) }
}

/** 8 bytes a series. */
export function encodeIds(series: readonly SeriesIdentity[]): Buffer {
  return Buffer.from(series.map(({ id }) => id).join(''), 'hex')
}

export function decodeIds(bytes: Buffer, { seriesCount }: PayloadHead): PayloadSeries | undefined {
  if (bytes.length !== seriesCount * 8) return undefined
  const digits = bytes.toString('hex')
  const ids = Array.from({ length: seriesCount }, (_, row) => digits.slice(row * 16, row * 16 + 16))
  return { ids, rows: new Map(ids.map((id, row) => [id, row])) }
}

/** pred, lower and upper of all series at one step as little-endian Float32. */
export function encodeBand({ pred, lower, upper }: BandRows): Buffer {
  return Buffer.concat([pred, lower, upper].map((row) => Buffer.from(row.buffer, row.byteOffset, row.byteLength)))
}

export function decodeBand(bytes: Buffer, { seriesCount }: PayloadHead): BandRows | undefined {
  if (bytes.length !== seriesCount * 12) return undefined
  // a reply lies anywhere in the socket's buffer, a Float32Array only at multiples of four
  const values = new Float32Array(seriesCount * 3)
  new Uint8Array(values.buffer).set(bytes)
  return {
    pred: values.subarray(0, seriesCount),
    lower: values.subarray(seriesCount, seriesCount * 2),
    upper: values.subarray(seriesCount * 2),
  }
}

export function encodeLabels(series: readonly SeriesIdentity[]): Promise<Buffer> {
  return deflateJson(series.map(({ labels }) => labels))
}

export async function decodeLabels(bytes: Buffer, { seriesCount }: PayloadHead): Promise<Labels[] | undefined> {
  const labels = await inflateJson(bytes)
  return Array.isArray(labels) && labels.length === seriesCount ? labels : undefined
}

export function encodeSkipped(skipped: Payload['skipped']): Promise<Buffer> {
  return deflateJson(skipped.map(({ id, reason, points }) => [id, reason, points]))
}

export async function decodeSkipped(bytes: Buffer): Promise<ReadonlyMap<string, Skip> | undefined> {
  const entries = await inflateJson(bytes)
  if (!Array.isArray(entries)) return undefined
  // points: null where they do not matter, missing where an older version wrote
  return new Map(entries.map(([id, reason, points]) => [id, { reason, ...(points != null && { points }) }]))
}

/** The lengths of all as 32 bits each, then their bytes; a length of 0 is no record. */
export function encodeRecords(records: SeriesRecords): Buffer {
  const lengths = Uint32Array.from(records, (record) => record?.length ?? 0)
  return Buffer.concat([Buffer.from(lengths.buffer), ...records.filter((record) => record !== undefined)])
}

export function decodeRecords(bytes: Buffer, { seriesCount }: PayloadHead): SeriesRecords | undefined {
  let end = seriesCount * 4
  if (bytes.length < end) return undefined
  const records = Array.from({ length: seriesCount }, (_, row) => {
    const start = end
    end += bytes.readUInt32LE(row * 4)
    return end === start ? undefined : Uint8Array.from(bytes.subarray(start, end))
  })
  return end === bytes.length ? records : undefined
}

/** The nonce goes first, so that a script finds the payload of an entry of any version. */
export function encodeEntry(meta: PayloadMeta): string {
  return `${meta.nonce}\n${entryMagic}${JSON.stringify(meta)}`
}

export function decodeEntry(entry: string): PayloadMeta | undefined {
  const start = entry.indexOf('\n') + 1
  return entry.startsWith(entryMagic, start)
    ? (parseJson(entry.slice(start + entryMagic.length)) as PayloadMeta | undefined)
    : undefined
}

/** Level 1: labels repeat so much that more only costs time. */
async function deflateJson(value: unknown): Promise<Buffer> {
  return promisify(deflateRaw)(JSON.stringify(value), { level: 1 })
}

async function inflateJson(bytes: Buffer): Promise<unknown> {
  try {
    return parseJson((await promisify(inflateRaw)(bytes)).toString())
  } catch {
    return undefined
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
