import codec from 'prometheus-remote-write/prom.js'
import { describe, expect, test } from 'vitest'
import { type Labels, seriesId } from '../../../../models/series.ts'
import type { SampleBlock } from '../../../../tasks/deps.ts'
import {
  compressSnappy,
  encodeWriteRequest,
  type WireRow,
} from '../../../../tasks/prometheus/write/remote-write-wire.ts'
import { decodeWriteRequest } from '../../../fakes/write-request.ts'

const all = { fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER }
const t0 = 1_764_000_000_000

function block(labels: readonly Labels[], values: readonly number[], more: Partial<SampleBlock> = {}): SampleBlock {
  const series = labels.map((set) => ({ id: seriesId(set), labels: set }))
  const steps = Math.max(1, values.length / labels.length)
  const timestampsMs = Array.from({ length: steps }, (_, i) => t0 + i * 60_000)
  return { name: 'anomaly_score', series, timestampsMs, values: Float64Array.from(values), ...more }
}

const rowsOf = (...blocks: SampleBlock[]): WireRow[] =>
  blocks.flatMap((each) => each.series.map((_, row) => ({ block: each, row })))

const decode = (bytes: Uint8Array) => decodeWriteRequest(compressSnappy(bytes))

test('writes every sample of every series with its name', () => {
  const { bytes, samples } = encodeWriteRequest(rowsOf(block([{ job: 'a' }, { job: 'b' }], [1, 2, 3, 4])), all)
  expect(samples).toBe(4)
  expect(decode(bytes)).toEqual([
    {
      labels: { __name__: 'anomaly_score', job: 'a' },
      samples: [
        { timestampMs: t0, value: 1 },
        { timestampMs: t0 + 60_000, value: 2 },
      ],
    },
    {
      labels: { __name__: 'anomaly_score', job: 'b' },
      samples: [
        { timestampMs: t0, value: 3 },
        { timestampMs: t0 + 60_000, value: 4 },
      ],
    },
  ])
})

test('sorts labels and leaves out empty ones', () => {
  const { bytes } = encodeWriteRequest(rowsOf(block([{ zone: 'z', Alpha: 'a', job: '', code: '500' }], [1])), all)
  const [series] = codec.prometheus.WriteRequest.decode(bytes).timeseries
  expect(series?.labels.map(({ name }) => name)).toEqual(['Alpha', '__name__', 'code', 'zone'])
})

test('the name of the block wins over a name among the labels', () => {
  const { bytes } = encodeWriteRequest(rowsOf(block([{ __name__: 'up', job: 'a' }], [1])), all)
  expect(decode(bytes)[0]?.labels).toEqual({ __name__: 'anomaly_score', job: 'a' })
})

test('NaN is no sample, and a row without samples is no series', () => {
  const gaps = block([{ job: 'a' }, { job: 'b' }], [Number.NaN, 2, Number.NaN, Number.NaN])
  const { bytes, samples } = encodeWriteRequest(rowsOf(gaps), all)
  expect(samples).toBe(1)
  expect(decode(bytes).map((series) => series.samples)).toEqual([[{ timestampMs: t0 + 60_000, value: 2 }]])
})

test('takes the timestamps of the range, open at the left', () => {
  const { bytes } = encodeWriteRequest(rowsOf(block([{ job: 'a' }], [1, 2, 3, 4])), {
    fromMs: t0,
    untilMs: t0 + 120_000,
  })
  expect(decode(bytes)[0]?.samples.map(({ value }) => value)).toEqual([2, 3])
})

test('a stale marker keeps its payload', () => {
  const { bytes, samples } = encodeWriteRequest(rowsOf(block([{ job: 'a' }], [], { stale: true })), all)
  expect(samples).toBe(1)
  expect(Buffer.from(bytes).includes(Buffer.from('09020000000000f07f', 'hex'))).toBe(true)
})

describe('is byte-equal with the generated codec', () => {
  const long = 'x'.repeat(70_000)
  test.each<{ name: string; labels: Labels[]; values: number[] }>([
    { name: 'short labels', labels: [{ a: 'b' }], values: [1.5] },
    { name: 'a series under 128 bytes', labels: [{}], values: [0] },
    {
      name: 'a value of 126 to 129 bytes',
      labels: [126, 127, 128, 129].map((n) => ({ v: 'y'.repeat(n) })),
      values: [1, 2, 3, 4],
    },
    { name: 'a value of 70 kB', labels: [{ path: long }, { path: `${long}ü` }], values: [1, 2] },
    {
      name: 'no ASCII',
      labels: [{ city: 'Köln' }, { city: '東京' }, { city: '🚀' }, { city: 'ü'.repeat(90) }],
      values: [1, 2, 3, 4],
    },
    { name: 'special values', labels: [{ a: 'b' }], values: [0, -0, 1e308, 5e-324, Number.POSITIVE_INFINITY, -1] },
    { name: '20,000 samples of one series', labels: [{ a: 'b' }], values: Array.from({ length: 20_000 }, (_, i) => i) },
  ])('$name', ({ labels, values }) => {
    const rows = rowsOf(block(labels, values))
    expect(Buffer.from(encodeWriteRequest(rows, all).bytes).equals(encodeByCodec(rows))).toBe(true)
  })
})

function encodeByCodec(rows: readonly WireRow[]): Uint8Array {
  const timeseries = rows.map(({ block: { name, series, timestampsMs, values }, row }) => ({
    labels: Object.entries({ __name__: name, ...series[row]?.labels })
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([label, value]) => ({ name: label, value })),
    samples: timestampsMs.map((timestamp, t) => ({ timestamp, value: values[row * timestampsMs.length + t] ?? 0 })),
  }))
  return codec.prometheus.WriteRequest.encode({ timeseries }).finish()
}
