import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { downloadFile } from '../../../../scheduler/model-store/hub/download-file.ts'
import { listInstalled } from '../../../../scheduler/model-store/installed-models.ts'
import { type FakeHub, type Interference, sendBytes } from '../../../fakes/fake-hub.ts'
import { storeStage, weights } from '../store-stage.ts'

const ranges = ({ seen }: FakeHub) => seen.filter(({ at }) => at === 'storage').map(({ range }) => range)

const goesOn = expect.stringMatching(/^bytes=[1-9]\d+-$/)

/** Sends some bytes and cuts the connection, as often as `times`; then the storage works. */
function cutting(times: number, bytes: number): Interference {
  let left = times
  return (request, response) => {
    if (left-- <= 0) return false
    const from = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0)
    const range = `bytes ${from}-${weights.length - 1}/${weights.length}`
    response.writeHead(from > 0 ? 206 : 200, {
      'content-length': weights.length - from,
      ...(from > 0 && { 'content-range': range }),
    })
    response.write(weights.subarray(from, from + bytes))
    // what is still on its way is lost with the connection
    setTimeout(() => response.destroy(), 20)
    return true
  }
}

test('a cut connection goes on where it was cut', async () => {
  await using stage = await storeStage()
  stage.hub.atStorage = cutting(2, 200_000)
  const { model } = await stage.pull()
  expect(model.manifest?.files['model.safetensors']?.bytes).toBe(weights.length)
  expect(ranges(stage.hub)).toEqual([undefined, goesOn, goesOn])
  expect(stage.hub.seen.filter(({ path }) => path.startsWith('/api/'))).toHaveLength(1)
  const retries = stage.events.filter(({ event }) => event === 'retry')
  expect(retries).toHaveLength(2)
})

test('after too many cuts it gives up, keeps what has come and says so', async () => {
  await using stage = await storeStage()
  stage.hub.atStorage = cutting(9, 20_000)
  await expect(stage.pull()).rejects.toMatchObject({
    code: 'HUB_UNAVAILABLE',
    message: expect.stringMatching(/pull again to go on/),
  })
  stage.hub.atStorage = () => false
  await stage.pull()
  expect(ranges(stage.hub).at(-1)).toEqual(goesOn)
})

test('progress between failures is worth new patience, standing still is not', async () => {
  await using stage = await storeStage()
  const path = join(stage.dir, 'file')
  const offsets: number[] = []
  /** Some bytes, then an error, at every request. */
  const open = (bytes: number) => async (offset: number) => {
    offsets.push(offset)
    async function* cut() {
      yield Buffer.alloc(bytes)
      throw new Error('cut')
    }
    return { status: offset > 0 ? 206 : 200, headers: { 'content-range': `bytes ${offset}-99/100` }, body: cut() }
  }
  const file = { name: 'file', bytes: 100, sha256: undefined, gitOid: undefined }
  const silent = { signal: new AbortController().signal, onBytes: () => {}, onRetry: () => {} }
  const patience = { attempts: 2, progressBytes: 10, waitMs: 1 }
  await downloadFile(open(20), file, { path, maxBytes: 100, ...silent, ...patience })
  expect(offsets.splice(0)).toEqual([0, 20, 40, 60, 80])
  await expect(
    downloadFile(open(5), file, { path: `${path}2`, maxBytes: 100, ...silent, ...patience }),
  ).rejects.toThrow('file: the connection was cut (cut); pull again to go on from there')
  expect(offsets).toEqual([0, 5, 10])
})

test('a storage that ignores ranges sends everything again, once', async () => {
  await using stage = await storeStage()
  const cut = cutting(1, 200_000)
  stage.hub.atStorage = (request, response) => {
    if (cut(request, response)) return true
    response.writeHead(200, { 'content-length': weights.length }).end(weights)
    return true
  }
  expect((await stage.pull()).outcome).toBe('installed')
})

test.each([
  { what: 'another range than asked for', status: 206, headers: { 'content-range': 'bytes 0-9/10' } },
  { what: '416', status: 416, headers: {} },
])('an answer with $what begins the file again', async ({ status, headers }) => {
  await using stage = await storeStage()
  const cut = cutting(1, 200_000)
  stage.hub.atStorage = (request, response) => {
    if (cut(request, response)) return true
    if (request.headers.range === undefined) return false
    response.writeHead(status, headers).end()
    return true
  }
  expect((await stage.pull()).outcome).toBe('installed')
  expect(ranges(stage.hub)).toEqual([undefined, goesOn, undefined])
})

test('a body without end is cut off at the size that was announced', async () => {
  await using stage = await storeStage()
  let sent = 0
  const pour = (response: ServerResponse): void => {
    sent += weights.length
    if (!response.destroyed) response.write(weights, () => setImmediate(pour, response))
  }
  stage.hub.atStorage = (_request, response) => {
    pour(response)
    return true
  }
  await expect(stage.pull()).rejects.toMatchObject({
    code: 'MODEL_INVALID',
    message: 'model.safetensors is longer than 576952 bytes',
  })
  expect(sent).toBeLessThan(100 * weights.length)
  expect(listInstalled(stage.dir)).toEqual([])
})

test('a trickle is a failure, silence as well', async () => {
  await using stage = await storeStage()
  stage.hub.atStorage = (_request, response) => {
    response.writeHead(200, { 'content-length': weights.length })
    const drip = setInterval(() => response.write('x'), 2)
    response.on('close', () => clearInterval(drip))
    return true
  }
  const patience = { attempts: 1, slowMs: 50 }
  await expect(stage.pull({ patience })).rejects.toMatchObject({
    code: 'HUB_UNAVAILABLE',
    message: expect.stringMatching(/too slow/),
  })
  stage.hub.atStorage = (_request, response) => {
    response.writeHead(206, { 'content-range': 'bytes 1-' }).flushHeaders()
    return true
  }
  await expect(stage.pull({ patience, silenceMs: 50 })).rejects.toMatchObject({ code: 'HUB_UNAVAILABLE' })
})

test('a storage that is busy is asked again when it said', async () => {
  await using stage = await storeStage()
  let busy = 1
  stage.hub.atStorage = (request, response) => {
    if (busy-- > 0) response.writeHead(429, { 'retry-after': '0' }).end()
    else sendBytes(request, response, weights)
    return true
  }
  expect((await stage.pull()).outcome).toBe('installed')
})
