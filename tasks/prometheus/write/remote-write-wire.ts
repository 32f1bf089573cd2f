import snappy from 'snappyjs'
import type { Labels, StepRange } from '../../../models/series.ts'
import type { SampleBlock } from '../../deps.ts'

/** One series of a block. */
export interface WireRow {
  readonly block: SampleBlock
  /** Index into `block.series`. */
  readonly row: number
}

export const rowKey = ({ block, row }: WireRow) => `${block.name} ${block.series[row]!.id}`

export interface WriteRequestBytes {
  /** Protobuf `prometheus.WriteRequest` (remote write 1.0), not compressed. */
  readonly bytes: Uint8Array
  readonly samples: number
}

/** NaN with the payload that Prometheus reads as "this series ends here"; a NaN of JavaScript does not keep it. */
const staleMarker = Buffer.from('020000000000f07f', 'hex')

/**
 * Encodes the samples of `rows` with a timestamp in `range`. Labels are sorted and empty ones left out, NaN is no
 * sample, a row without samples is no series.
 */
export function encodeWriteRequest(rows: readonly WireRow[], range: StepRange): WriteRequestBytes {
  const sink: Sink = { bytes: Buffer.allocUnsafe(1024 + rows.length * 320), at: 0 }
  let samples = 0
  for (const row of rows) samples += writeSeries(sink, row, range)
  return { bytes: sink.bytes.subarray(0, sink.at), samples }
}

/** Snappy in its block format, as remote write asks for. */
export function compressSnappy(bytes: Uint8Array): Uint8Array {
  return snappy.compress(bytes)
}

/** Indices of the timestamps in `range`: from the first to before the second. */
export function timestampsIn({ timestampsMs }: SampleBlock, { fromMs, untilMs }: StepRange): [number, number] {
  let first = 0
  while (first < timestampsMs.length && timestampsMs[first]! <= fromMs) first++
  let end = first
  while (end < timestampsMs.length && timestampsMs[end]! <= untilMs) end++
  return [first, end]
}

// the generated codec takes 0.8 s for 100,000 series, this 0.1 s; they are held byte-equal by a test
interface Sink {
  bytes: Buffer
  at: number
}

function writeSeries(sink: Sink, { block, row }: WireRow, range: StepRange): number {
  const [first, end] = timestampsIn(block, range)
  const offset = row * block.timestampsMs.length
  const hasSample = (t: number) => block.stale === true || !Number.isNaN(block.values[offset + t])
  let samples = 0
  for (let t = first; t < end; t++) if (hasSample(t)) samples++
  if (samples === 0) return 0

  const series = openMessage(sink, 0x0a, 2)
  writeLabels(sink, block.name, block.series[row]!.labels)
  for (let t = first; t < end; t++) {
    if (hasSample(t)) writeSample(sink, block.timestampsMs[t]!, block.stale ? undefined : block.values[offset + t]!)
  }
  closeMessage(sink, series, 2)
  return samples
}

function writeLabels(sink: Sink, metric: string, labels: Labels): void {
  const names = Object.keys(labels)
  if (!('__name__' in labels)) names.push('__name__')
  for (const name of names.sort()) {
    const value = name === '__name__' ? metric : labels[name]!
    if (value === '') continue
    const label = openMessage(sink, 0x0a, 1)
    writeString(sink, 0x0a, name)
    writeString(sink, 0x12, value)
    closeMessage(sink, label, 1)
  }
}

/** `value` undefined is a stale marker. */
function writeSample(sink: Sink, timestampMs: number, value: number | undefined): void {
  const sample = openMessage(sink, 0x12, 1)
  reserve(sink, 24)
  sink.bytes[sink.at] = 0x09
  if (value === undefined) sink.bytes.set(staleMarker, sink.at + 1)
  else sink.bytes.writeDoubleLE(value, sink.at + 1)
  sink.bytes[sink.at + 9] = 0x10
  sink.at += 10
  writeVarint(sink, timestampMs)
  closeMessage(sink, sample, 1)
}

/** Writes the tag, leaves room for a length of `lengthBytes` and returns where the message begins. */
function openMessage(sink: Sink, tag: number, lengthBytes: number): number {
  reserve(sink, 1 + lengthBytes)
  sink.bytes[sink.at] = tag
  sink.at += 1 + lengthBytes
  return sink.at
}

function closeMessage(sink: Sink, start: number, lengthBytes: number): void {
  const length = sink.at - start
  const needed = varintBytes(length)
  if (needed !== lengthBytes) {
    reserve(sink, needed)
    sink.bytes.copyWithin(start + needed - lengthBytes, start, sink.at)
  }
  sink.at = start - lengthBytes
  writeVarint(sink, length)
  sink.at += length
}

function writeString(sink: Sink, tag: number, text: string): void {
  reserve(sink, 8 + text.length * 3)
  sink.bytes[sink.at++] = tag
  if (text.length < 128 && writeAscii(sink, text)) return
  writeVarint(sink, Buffer.byteLength(text))
  sink.at += sink.bytes.write(text, sink.at)
}

/** Length and characters of a short text; false, with nothing written, where it is not ASCII. */
function writeAscii(sink: Sink, text: string): boolean {
  const { bytes, at } = sink
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 127) return false
    bytes[at + 1 + i] = code
  }
  bytes[at] = text.length
  sink.at = at + 1 + text.length
  return true
}

function writeVarint(sink: Sink, value: number): void {
  let rest = value
  // division: a millisecond timestamp has more than 32 bits
  for (; rest > 127; rest = Math.floor(rest / 128)) sink.bytes[sink.at++] = (rest & 127) | 128
  sink.bytes[sink.at++] = rest
}

function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) bytes++
  return bytes
}

function reserve(sink: Sink, count: number): void {
  if (sink.at + count <= sink.bytes.length) return
  const larger = Buffer.allocUnsafe(Math.max(sink.bytes.length * 2, sink.at + count))
  sink.bytes.copy(larger, 0, 0, sink.at)
  sink.bytes = larger
}
