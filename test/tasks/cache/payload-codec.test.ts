import { deflateRawSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { seriesId } from '../../../models/series.ts'
import * as codec from '../../../tasks/cache/payload-codec.ts'
import type { PayloadMeta } from '../../../tasks/deps.ts'

const series = [{ job: 'a' }, { job: 'ü', path: '/\u00ff\n"' }].map((labels) => ({ id: seriesId(labels), labels }))
const head = { seriesCount: 2 }
const meta: PayloadMeta = {
  ...{ bandKey: 'k', nominalMs: 1000, kind: 'run', nonce: 'n', scopeKey: 's', model: 'seasonal-naive' },
  ...{ startMs: 1300, stepMs: 300, horizon: 2, seriesCount: 2, owned: { fromMs: 1300, untilMs: 1600 } },
}

test('reads what it wrote', async () => {
  expect(codec.decodeHead(codec.encodeHead(head))).toEqual(head)
  expect(codec.decodeIds(codec.encodeIds(series), head)).toEqual({
    ids: series.map(({ id }) => id),
    rows: new Map(series.map(({ id }, row) => [id, row])),
  })
  expect(await codec.decodeLabels(await codec.encodeLabels(series), head)).toEqual(series.map(({ labels }) => labels))
  const skipped = [
    { id: 'x', reason: 'gone' },
    { id: 'y', reason: 'too_few_points', points: 6 },
  ]
  expect(await codec.decodeSkipped(await codec.encodeSkipped(skipped))).toEqual(
    new Map(skipped.map(({ id, ...skip }) => [id, skip])),
  )
  expect(codec.decodeEntry(codec.encodeEntry(meta))).toEqual(meta)
})

test('what an older version left out bears no points', async () => {
  expect(await codec.decodeSkipped(deflateRawSync('[["x", "too_few_points"]]'))).toEqual(
    new Map([['x', { reason: 'too_few_points' }]]),
  )
})

test('a band keeps its values, NaN included, wherever its bytes lie', () => {
  const band = {
    pred: Float32Array.of(1.5, Number.NaN),
    lower: Float32Array.of(-1, 0),
    upper: Float32Array.of(2, Number.POSITIVE_INFINITY),
  }
  const reply = Buffer.concat([Buffer.from('x'), codec.encodeBand(band)])
  expect(codec.decodeBand(reply.subarray(1), head)).toEqual(band)
})

test('a part of a larger array is written as that part', () => {
  const all = Float32Array.of(0, 1, 2, 3, 4, 5, 6)
  const band = { pred: all.subarray(1, 3), lower: all.subarray(3, 5), upper: all.subarray(5) }
  expect(codec.decodeBand(codec.encodeBand(band), head)).toEqual(band)
})

test('records keep their bytes and their gaps', () => {
  const records = [undefined, Uint8Array.of(1, 2, 3)]
  expect(codec.decodeRecords(codec.encodeRecords(records), head)).toEqual(records)
  expect(codec.decodeRecords(codec.encodeRecords([undefined, undefined]), head)).toEqual([undefined, undefined])
})

test('another version is absent', () => {
  const bytes = codec.encodeHead(head)
  bytes[3] = 99
  expect(codec.decodeHead(bytes)).toBeUndefined()
  expect(codec.decodeEntry(codec.encodeEntry(meta).replace('ATL1', 'ATL9'))).toBeUndefined()
})

test.each([
  { name: 'an empty head', read: () => codec.decodeHead(Buffer.alloc(0)) },
  { name: 'a head without magic', read: () => codec.decodeHead(Buffer.alloc(8, 1)) },
  { name: 'an id too few', read: () => codec.decodeIds(Buffer.alloc(8), head) },
  { name: 'a band cut short', read: () => codec.decodeBand(Buffer.alloc(23), head) },
  { name: 'a record cut short', read: () => codec.decodeRecords(Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 9]), head) },
  { name: 'a record too many', read: () => codec.decodeRecords(Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 9]), head) },
  { name: 'records without lengths', read: () => codec.decodeRecords(Buffer.alloc(7), head) },
  { name: 'labels that do not inflate', read: () => codec.decodeLabels(Buffer.from('no'), head) },
  { name: 'labels of another number', read: () => codec.decodeLabels(deflateRawSync('[{}]'), head) },
  { name: 'labels that are no JSON', read: () => codec.decodeLabels(deflateRawSync('[{'), head) },
  { name: 'skipped that is no list', read: () => codec.decodeSkipped(deflateRawSync('{}')) },
  { name: 'an entry without a nonce', read: () => codec.decodeEntry('ATL1{}'.slice(1)) },
  { name: 'an entry cut short', read: () => codec.decodeEntry(codec.encodeEntry(meta).slice(0, -1)) },
])('$name is absent', async ({ read }) => {
  expect(await read()).toBeUndefined()
})
