import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { AppError } from '../../../models/errors.ts'
import { seriesId } from '../../../models/series.ts'
import type { SampleBlock, SeriesWriter } from '../../../tasks/deps.ts'
import { datasourceConfig, resolveDatasource } from '../../../tasks/prometheus/datasource.ts'
import { datasourceHttp } from '../../../tasks/prometheus/http-client.ts'
import { createRemoteWriter, type RemoteWriterOptions } from '../../../tasks/prometheus/remote-write-client.ts'
import { type ReceivedWrite, remoteWriteReceiver, type WriteReply } from '../../fakes/remote-write-receiver.ts'

const t0 = 1_764_000_000_000
const minuteMs = 60_000

function block(seriesCount: number, steps = 1, more: Partial<SampleBlock> = {}): SampleBlock {
  const series = Array.from({ length: seriesCount }, (_, i) => {
    const labels = { pod: `p${i}` }
    return { id: seriesId(labels), labels }
  })
  const timestampsMs = Array.from({ length: steps }, (_, i) => t0 + i * minuteMs)
  const values = Float64Array.from({ length: seriesCount * steps }, (_, i) => i)
  return { name: 'anomaly_score', series, timestampsMs, values, ...more }
}

function writerTo(writeUrl: string, options: Partial<RemoteWriterOptions> = {}): SeriesWriter & AsyncDisposable {
  const config = datasourceConfig.parse({ name: 'main', readUrl: new URL(writeUrl).origin, writeUrl })
  const datasource = { ...resolveDatasource(config), timeoutMs: 300 }
  const http = datasourceHttp(datasource)
  const more = { backoffMs: 1, budgetMs: 5_000, now: () => t0 + 60 * minuteMs, futureWrites: false, ...options }
  return { ...createRemoteWriter({ datasource, http, ...more }), [Symbol.asyncDispose]: () => http.close() }
}

/** Writes `blocks` to a receiver that answers as `reply` says. */
async function write(
  blocks: readonly SampleBlock[],
  reply: (write: ReceivedWrite) => WriteReply | Promise<WriteReply>,
  options: Partial<RemoteWriterOptions> = {},
) {
  await using receiver = await remoteWriteReceiver(reply)
  await using writer = writerTo(receiver.url, options)
  const outcome = await writer.write(blocks).then(
    (report) => ({ report, error: undefined }),
    (error: AppError) => ({ report: undefined, error }),
  )
  return { ...outcome, ...receiver, peak: receiver.peak }
}

const ok = { status: 204 }
const holds = ({ series }: ReceivedWrite, pods: readonly string[]) =>
  series.some(({ labels }) => pods.includes(labels.pod ?? ''))

describe('a write', () => {
  test('bears the headers that the specification asks for', async () => {
    const { received, report } = await write([block(1)], () => ok)
    expect(report).toEqual({ written: 1, dropped: 0, rejected: [], clamped: 0 })
    expect(received[0]?.method).toBe('POST')
    expect(received[0]?.headers).toMatchObject({
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': '0.1.0',
      'user-agent': expect.stringContaining('anomaly-times'),
    })
  })

  test('of nothing asks nobody', async () => {
    const gaps = block(2, 1, { values: Float64Array.of(Number.NaN, Number.NaN) })
    const { received, report } = await write([gaps, block(0)], () => ok)
    expect(received).toEqual([])
    expect(report).toEqual({ written: 0, dropped: 0, rejected: [], clamped: 0 })
  })

  test('of many series arrives in parts, every sample once', async () => {
    const { received, stored, report } = await write([block(1_000, 3)], () => ok, { maxRows: 100, maxSamples: 200 })
    expect(report?.written).toBe(3_000)
    expect(received.length).toBeGreaterThan(10)
    expect(new Set(stored.map(({ value }) => value)).size).toBe(3_000)
    expect(stored).toHaveLength(3_000)
  })

  test('keeps the order of each series, and never has one in two requests at a time', async () => {
    const inFlight = new Map<string, number>()
    let overlapped = 0
    const reply = async ({ series }: ReceivedWrite): Promise<WriteReply> => {
      for (const { labels } of series) {
        const count = (inFlight.get(labels.pod ?? '') ?? 0) + 1
        inFlight.set(labels.pod ?? '', count)
        if (count > 1) overlapped++
      }
      await new Promise((resolve) => setTimeout(resolve, 2))
      for (const { labels } of series) inFlight.set(labels.pod ?? '', 0)
      return ok
    }
    const options = { maxRows: 50, maxSamples: 100, parallel: 4 }
    const { stored, peak } = await write([block(400, 6)], reply, options)
    expect(overlapped).toBe(0)
    expect(peak).toBeGreaterThan(1)
    expect(peak).toBeLessThanOrEqual(4)
    for (const pod of ['p0', 'p57', 'p399']) {
      const times = stored.filter((sample) => sample.pod === pod).map(({ timestampMs }) => timestampMs)
      expect(times).toEqual(block(1, 6).timestampsMs)
    }
  })
})

describe('a store that is unavailable', () => {
  const flaky = (replies: WriteReply[]) => () => replies.shift() ?? ok

  test.each<{ name: string; replies: WriteReply[] }>([
    { name: '500', replies: [{ status: 500 }] },
    { name: '503 twice', replies: [{ status: 503 }, { status: 503 }] },
    { name: '429', replies: [{ status: 429 }] },
    { name: '408', replies: [{ status: 408 }] },
    { name: 'a cut connection', replies: ['cut'] },
    { name: 'a hanging one', replies: ['hang'] },
  ])('is asked again after $name', async ({ replies }) => {
    const expected = replies.length + 1
    const { report, received } = await write([block(3)], flaky([...replies]))
    expect(report).toMatchObject({ written: 3, dropped: 0 })
    expect(received).toHaveLength(expected)
  })

  test('is left alone for as long as it asks', async () => {
    const atMs: number[] = []
    const replies: WriteReply[] = [{ status: 429, headers: { 'retry-after': '1' } }, ok]
    await write([block(1)], ({ index }) => {
      atMs.push(performance.now())
      return replies[index] ?? ok
    })
    expect(atMs[1]! - atMs[0]!).toBeGreaterThanOrEqual(1_000)
  })

  test('that asks for longer than there is time fails the write at once, with the wait', async () => {
    const { error, received } = await write([block(1)], () => ({
      status: 503,
      headers: { 'retry-after': '60' },
      body: 'overloaded',
    }))
    expect(error).toMatchObject({ code: 'WRITE_UNAVAILABLE', retryAfterMs: 60_000 })
    expect(error?.message).toMatch(/^datasource main: http.*: HTTP 503: overloaded; gave up at the first attempt$/)
    expect(received).toHaveLength(1)
  })

  test('for all the time there is fails the write, naming it and its words', async () => {
    const { error } = await write([block(1)], () => ({ status: 500, body: 'no\nspace' }), { budgetMs: 100 })
    expect(error).toMatchObject({ code: 'WRITE_UNAVAILABLE' })
    expect(error?.message).toMatch(/HTTP 500: no space; gave up after \d+ attempts$/)
  })

  test('whose last answer hangs fails the write after its time-out', async () => {
    const { error } = await write([block(1)], () => 'hang', { budgetMs: 100 })
    expect(error).toMatchObject({
      code: 'WRITE_UNAVAILABLE',
      message: expect.stringContaining('no answer within 300 ms'),
    })
  })

  test('that is not there at all is named', async () => {
    await using writer = writerTo('http://127.0.0.1:1/api/v1/write', { budgetMs: 50 })
    await expect(writer.write([block(1)])).rejects.toMatchObject({
      code: 'WRITE_UNAVAILABLE',
      message: expect.stringContaining('datasource main: http://127.0.0.1:1: '),
    })
  })

  test('for one part ends the others, and the first failure is what is thrown', async () => {
    const reply = ({ index }: ReceivedWrite): WriteReply => (index === 0 ? { status: 401, body: 'who' } : 'hang')
    const { error } = await write([block(1_000)], reply, { maxRows: 100, parallel: 4 })
    expect(error).toMatchObject({ code: 'STORE_DENIED' })
  })
})

describe('an answer that is final', () => {
  test.each([
    { status: 401, code: 'STORE_DENIED' },
    { status: 403, code: 'STORE_DENIED' },
    { status: 404, code: 'WRITE_REJECTED' },
    { status: 415, code: 'WRITE_REJECTED' },
  ])('$status is $code after one request', async ({ status, code }) => {
    const { error, received } = await write([block(5)], () => ({ status, body: 'because' }))
    expect(error).toMatchObject({ code, message: expect.stringMatching(`datasource main: .*HTTP ${status}: because`) })
    expect(received).toHaveLength(1)
  })
})

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
    const { report, received } = await write([block(1_500, 2)], refusing('p777'))
    expect(report?.written).toBe(2_998)
    expect(report?.rejected).toEqual([
      { labels: { __name__: 'anomaly_score', pod: 'p777' }, reason: 'HTTP 400: label value too long' },
    ])
    expect(received.length).toBeLessThanOrEqual(1 + 20)
  })

  test('several of them cost 20 more requests at most; one is found at each write, most others are written', async () => {
    const bad = ['p3', 'p500', 'p501', 'p900', 'p1400']
    await using receiver = await remoteWriteReceiver(refusing(...bad))
    await using writer = writerTo(receiver.url)
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

describe('samples ahead of now', () => {
  const now = () => t0 + minuteMs

  test('are a defect of ours where the store is not known to take them: nothing is sent', async () => {
    const { error, received } = await write([block(2), block(2, 3, { name: 'anomaly_pred' })], () => ok, { now })
    expect(error).toMatchObject({ code: 'INTERNAL' })
    expect(error?.message).toMatch('datasource main takes no future samples: anomaly_pred at 2025-11-24T16:02:00.000Z')
    expect(received).toEqual([])
  })

  test('go out to VictoriaMetrics up to two days less an hour, the rest is counted', async () => {
    const hourMs = 60 * minuteMs
    const timestampsMs = [t0, t0 + 47 * hourMs + minuteMs, t0 + 47 * hourMs + 2 * minuteMs, t0 + 50 * hourMs]
    const far = block(2, 4, { timestampsMs })
    const { report, stored } = await write([far], () => ok, { now, futureWrites: true })
    expect(report).toEqual({ written: 4, dropped: 0, rejected: [], clamped: 4 })
    expect(Math.max(...stored.map(({ timestampMs }) => timestampMs))).toBe(t0 + 47 * hourMs + minuteMs)
  })
})

describe('an abort', () => {
  test('before the first request sends nothing', async () => {
    await using receiver = await remoteWriteReceiver(() => ok)
    await using writer = writerTo(receiver.url)
    await expect(writer.write([block(1)], AbortSignal.abort())).rejects.toMatchObject({ code: 'RUN_CANCELLED' })
    expect(receiver.received).toEqual([])
  })

  test.each<{ name: string; reply: WriteReply }>([
    { name: 'in a request', reply: 'hang' },
    { name: 'while waiting to try again', reply: { status: 503, headers: { 'retry-after': '3' } } },
  ])('$name ends the write with its reason', async ({ reply }) => {
    const abort = new AbortController()
    await using receiver = await remoteWriteReceiver(() => {
      setTimeout(() => abort.abort(new AppError('RUN_TIMEOUT', 'too long')), 20)
      return reply
    })
    await using writer = writerTo(receiver.url)
    await expect(writer.write([block(1)], abort.signal)).rejects.toMatchObject({ code: 'RUN_TIMEOUT' })
    expect(receiver.received).toHaveLength(1)
  })
})
