import { describe, expect, test } from 'vitest'
import { AppError } from '../../../../models/errors.ts'
import { block, minuteMs, ok, t0, write, writerTo } from '../../../fakes/remote-write.ts'
import { type ReceivedWrite, remoteWriteReceiver, type WriteReply } from '../../../fakes/remote-write-receiver.ts'

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
    const { report, received } = await write([block(3)], flaky([...replies]), { timeoutMs: 1_000 })
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
    const reply = { status: 503, headers: { 'retry-after': '60' }, body: 'overloaded' }
    const { error, received } = await write([block(1)], () => reply, { budgetMs: 30_000 })
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
    const { error } = await write([block(1)], () => 'hang', { budgetMs: 100, timeoutMs: 300 })
    expect(error).toMatchObject({
      code: 'WRITE_UNAVAILABLE',
      message: expect.stringContaining('no answer within 300 ms'),
    })
  })

  test('that is not there at all is named', async () => {
    // a wait beyond the budget leaves one attempt, however slow the machine: more would open the breaker
    await using writer = writerTo('http://127.0.0.1:1/api/v1/write', { budgetMs: 1_000, backoffMs: 60_000 })
    await expect(writer.write([block(1)])).rejects.toMatchObject({
      code: 'WRITE_UNAVAILABLE',
      message: expect.stringContaining('datasource main: http://127.0.0.1:1: '),
    })
  })

  test('is left alone after five times 503, by other writes too', async () => {
    await using receiver = await remoteWriteReceiver(() => ({ status: 503 }))
    await using writer = writerTo(receiver.url, { budgetMs: 1_000 })
    await expect(writer.write([block(1)])).rejects.toMatchObject({ code: 'WRITE_UNAVAILABLE' })
    await expect(writer.write([block(1)])).rejects.toMatchObject({
      message: expect.stringMatching(/not asked, 5 requests in a row failed, the last one by HTTP 503/),
    })
    expect(receiver.received).toHaveLength(5)
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
