import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { seriesId } from '../../../../models/series.ts'
import { block, holds, minuteMs, ok, t0, write, writerTo } from '../../../fakes/remote-write.ts'
import { type ReceivedWrite, remoteWriteReceiver, type WriteReply } from '../../../fakes/remote-write-receiver.ts'

describe('413', () => {
  test('halves the batch until it fits, and the next ones at once', async () => {
    const series = Array.from({ length: 256 }, (_, i) => ({
      id: seriesId({ i: `${i}` }),
      labels: { pod: `p${i}`, noise: randomBytes(1_500 + i).toString('hex') },
    }))
    const large = block(256, 1, { series })
    const reply = ({ series: got }: ReceivedWrite): WriteReply => ({ status: got.length > 70 ? 413 : 204 })
    await using receiver = await remoteWriteReceiver(reply)
    await using writer = writerTo(receiver.url)
    expect(await writer.write([large])).toMatchObject({ written: 256, rejected: [] })
    expect(receiver.received.map(({ series: got }) => got.length)).toEqual([256, 128, 64, 64, 64, 64])
  })

  test('of a single sample rejects its series', async () => {
    const reply = (write: ReceivedWrite): WriteReply => ({ status: holds(write, ['p2']) ? 413 : 204 })
    const { report } = await write([block(4, 2)], reply)
    expect(report?.written).toBe(6)
    expect(report?.rejected).toEqual([{ labels: { __name__: 'anomaly_score', pod: 'p2' }, reason: 'HTTP 413' }])
  })
})

test('a request has at most 1 MiB compressed', async () => {
  const series = Array.from({ length: 2_000 }, (_, i) => ({
    id: seriesId({ i: `${i}` }),
    labels: { noise: randomBytes(500).toString('hex') },
  }))
  const { report, received } = await write([block(2_000, 1, { series })], () => ok)
  expect(report?.written).toBe(2_000)
  expect(received.length).toBeGreaterThan(1)
  expect(Math.max(...received.map(({ bytes }) => bytes))).toBeLessThanOrEqual(1 << 20)
})

describe('samples that the store has already', () => {
  /** Refuses a request as a whole, as Prometheus does, where a sample is not newer than what the series has. */
  const strict =
    (newest: Map<string, number>, words: string) =>
    (write: ReceivedWrite): WriteReply => {
      const old = write.series.some(({ labels, samples }) =>
        samples.some(({ timestampMs }) => timestampMs <= (newest.get(labels.pod ?? '') ?? 0)),
      )
      if (old) return { status: 400, body: words }
      for (const { labels, samples } of write.series) newest.set(labels.pod ?? '', samples.at(-1)?.timestampMs ?? 0)
      return ok
    }

  test.each([
    'out of order sample',
    'duplicate sample for timestamp',
    'out of bounds',
    'too old sample',
    'the sample has been rejected because its timestamp is too old (err-mimir-sample-timestamp-too-old)',
    'the sample has been rejected because another sample with a more recent timestamp has already been ingested and out-of-order samples are not allowed (err-mimir-sample-out-of-order)',
  ])('are counted and dropped, the newer ones written: %s', async (words) => {
    const newest = new Map(block(10).series.map(({ labels }) => [labels.pod ?? '', t0 + 2 * minuteMs]))
    const { report, stored } = await write([block(10, 5)], strict(newest, words))
    expect(report).toEqual({ written: 20, dropped: 30, rejected: [], clamped: 0 })
    expect(new Set(stored.map(({ timestampMs }) => timestampMs))).toEqual(
      new Set([t0 + 3 * minuteMs, t0 + 4 * minuteMs]),
    )
  })

  test('all of them: nothing is left, nothing is an error', async () => {
    const newest = new Map(block(10).series.map(({ labels }) => [labels.pod ?? '', t0 + 60 * minuteMs]))
    const { report } = await write([block(10, 5)], strict(newest, 'out of order sample'))
    expect(report).toEqual({ written: 0, dropped: 50, rejected: [], clamped: 0 })
  })

  test('after a write that half succeeded: the next run, with a longer window, loses nothing', async () => {
    const newest = new Map<string, number>()
    const accept = strict(newest, 'out of order sample')
    let left = 4
    await using receiver = await remoteWriteReceiver((each) => (left-- > 0 ? accept(each) : { status: 401 }))
    await using failing = writerTo(receiver.url, { maxRows: 50 })
    await expect(failing.write([block(500, 5)])).rejects.toMatchObject({ code: 'STORE_DENIED' })
    left = Number.POSITIVE_INFINITY
    await using writer = writerTo(receiver.url, { maxRows: 50 })
    const report = await writer.write([block(500, 6)])
    expect(report.written + report.dropped).toBe(3_000)
    expect(report.dropped).toBeGreaterThan(0)
    const got = new Set(receiver.stored.map(({ pod, timestampMs }) => `${pod} ${timestampMs}`))
    expect(got.size).toBe(3_000)
    expect(receiver.stored).toHaveLength(3_000)
  })
})

describe('a series that the store refuses for good', () => {
  const refusing =
    (...pods: string[]) =>
    (write: ReceivedWrite): WriteReply =>
      holds(write, pods) ? { status: 400, body: 'label value too long' } : ok

  test('is found and set aside, all others are written', async () => {
    const { report, received } = await write([block(1_500, 2)], refusing('p777'), { maxRows: 2_000 })
    expect(report?.written).toBe(2_998)
    expect(report?.rejected).toEqual([
      { labels: { __name__: 'anomaly_score', pod: 'p777' }, reason: 'HTTP 400: label value too long' },
    ])
    expect(received.length).toBeLessThanOrEqual(1 + 20)
  })

  test('several of them cost 20 more requests at most; one is found at each write, most others are written', async () => {
    const bad = ['p3', 'p500', 'p501', 'p900', 'p1400']
    await using receiver = await remoteWriteReceiver(refusing(...bad))
    await using writer = writerTo(receiver.url, { maxRows: 2_000 })
    const written: number[] = []
    for (let run = 0; run <= bad.length; run++) {
      const before = receiver.received.length
      const report = await writer.write([block(1_500, 1, { values: new Float64Array(1_500).fill(run) })])
      expect(receiver.received.length - before).toBeLessThanOrEqual(1 + 20)
      expect(report.written + report.rejected.length).toBe(1_500)
      const rejected = report.rejected.map(({ labels }) => labels.pod)
      for (const pod of bad) expect(rejected).toContain(pod)
      written.push(report.written)
    }
    expect(written.at(0)).toBeGreaterThan(700)
    expect(written.at(-1)).toBe(1_495)
  })

  test('in many batches: none of them is lost', async () => {
    const bad = ['p3', 'p1500', 'p2700', 'p3999']
    const { report } = await write([block(4_000)], refusing(...bad), { maxRows: 250 })
    expect(report?.written).toBe(3_996)
    expect(report?.rejected.map(({ labels }) => labels.pod).sort()).toEqual([...bad].sort())
  })

  test('is not looked for without end where everything is refused', async () => {
    const { error, received } = await write([block(4_000)], () => ({ status: 400, body: 'no' }), { maxRows: 100 })
    expect(error).toMatchObject({ code: 'WRITE_REJECTED' })
    expect(received.length).toBeLessThanOrEqual(64 + 100)
  })

  test('is not searched for again by the next write', async () => {
    await using receiver = await remoteWriteReceiver(refusing('p7'))
    await using writer = writerTo(receiver.url)
    await writer.write([block(100)])
    const searched = receiver.received.length
    const report = await writer.write([block(100)])
    expect(receiver.received).toHaveLength(searched + 1)
    expect(report).toMatchObject({ written: 99, rejected: [{ labels: { pod: 'p7' } }] })
  })

  test('is an error when nothing else is left', async () => {
    const { error } = await write([block(3)], () => ({ status: 400, body: 'ingestion is off' }))
    expect(error).toMatchObject({ code: 'WRITE_REJECTED' })
    expect(error?.message).toMatch(/^datasource main refuses all 3 series: HTTP 400: ingestion is off/)
  })
})
