import { readFileSync, rmSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { AppError } from '../../../models/errors.ts'
import { datasourceConfig, resolveDatasource } from '../../../tasks/prometheus/datasource.ts'
import { type DatasourceHttp, datasourceHttp, type HttpRequest } from '../../../tasks/prometheus/http-client.ts'
import { makeCertificates } from '../../fakes/certificates.ts'
import { type Handler, localServer } from '../../fakes/local-server.ts'

type Config = Partial<z.input<typeof datasourceConfig>>

function client(readUrl: string, config: Config = {}): DatasourceHttp & AsyncDisposable {
  const http = datasourceHttp(resolveDatasource(datasourceConfig.parse({ name: 'main', readUrl, ...config })))
  return { ...http, [Symbol.asyncDispose]: () => http.close() }
}

/** One GET of `handler`'s answer, read to its end. */
async function get(handler: Handler, config: Config = {}, request: Partial<HttpRequest> = {}) {
  await using server = await localServer(handler)
  await using http = client(server.url, config)
  const response = await http.request({ method: 'GET', url: server.url, ...request })
  return { status: response.status, text: await response.text() }
}

const failure = (code: string, text: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(text) })

test('sends body, own headers and authorization', async () => {
  const answer = await get(
    ({ method, headers }, response, body) => {
      response.end([method, headers.authorization, headers['x-a'], headers['content-type'], body].join(' '))
    },
    { bearer: 'token', headers: { 'X-A': 'a' } },
    { method: 'POST', body: 'query=up', headers: { 'content-type': 'text/plain' } },
  )
  expect(answer).toEqual({ status: 200, text: 'POST Bearer token a text/plain query=up' })
})

test.each([400, 401, 422, 429, 500, 503])('status %i is an answer', async (status) => {
  const answer = await get((_, response) => void response.writeHead(status).end('why'))
  expect(answer).toEqual({ status, text: 'why' })
})

test('asks for no compression on loopback', async () => {
  const answer = await get(({ headers }, response) => void response.end(headers['accept-encoding']))
  expect(answer.text).toBe('identity')
})

test.each([
  { encoding: 'gzip', compress: gzipSync },
  { encoding: 'br', compress: brotliCompressSync },
  { encoding: 'deflate', compress: deflateSync },
])('decompresses $encoding', async ({ encoding, compress }) => {
  const handler: Handler = (_, response) => {
    response.writeHead(200, { 'content-encoding': encoding }).end(compress('hello'))
  }
  expect((await get(handler)).text).toBe('hello')
})

test('reads no more of a body than asked for', async () => {
  await using server = await localServer((_, response) => void response.end('x'.repeat(1_000_000)))
  await using http = client(server.url)
  const response = await http.request({ method: 'GET', url: server.url })
  expect(await response.text(10)).toBe('xxxxxxxxxx')
})

const endless = (response: ServerResponse) => void response.writeHead(200).write('beginning')

test.each<{ name: string; handler: Handler }>([
  { name: 'answers nothing', handler: () => {} },
  { name: 'stops within the body', handler: (_, response) => endless(response) },
])('a store that $name is unavailable once the time-out is over', async ({ handler }) => {
  await expect(get(handler, {}, { timeoutMs: 100 })).rejects.toEqual(
    failure('STORE_UNAVAILABLE', 'datasource main: no answer within 100 ms'),
  )
})

test('an answer that nobody reads ends with its time-out', async () => {
  await using server = await localServer((_, response) => endless(response))
  await using http = client(server.url)
  const response = await http.request({ method: 'GET', url: server.url, timeoutMs: 1_000 })
  await new Promise((resolve) => setTimeout(resolve, 1_100))
  await expect(response.text()).rejects.toEqual(failure('STORE_UNAVAILABLE', 'within 1000 ms'))
})

test.each<{ name: string; handler: Handler }>([
  {
    name: 'a closed connection',
    handler: (_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('beginning')
      setTimeout(() => response.destroy(), 20)
    },
  },
  {
    name: 'a gzip stream cut short',
    handler: (_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('hello').subarray(0, 12))
    },
  },
])('a body that ends early by $name is invalid', async ({ handler }) => {
  await expect(get(handler)).rejects.toEqual(failure('RESPONSE_INVALID', 'datasource main: the answer ended early'))
})

test.each([
  { name: 'closed port', url: 'http://127.0.0.1:1', text: 'http://127.0.0.1:1: ' },
  { name: 'unknown host', url: 'http://store.invalid', text: 'http://store.invalid: ' },
])('$name is unavailable, with address and reason', async ({ url, text }) => {
  await using http = client(url)
  await expect(http.request({ method: 'GET', url })).rejects.toEqual(failure('STORE_UNAVAILABLE', text))
})

test('a store that hangs up without an answer is unavailable', async () => {
  await expect(get((_, response) => void response.destroy())).rejects.toEqual(failure('STORE_UNAVAILABLE', 'main'))
})

test.each([
  { name: 'before the request', abortAfterMs: 0 },
  { name: 'while it waits', abortAfterMs: 50 },
])("the caller's abort $name is its own reason", async ({ abortAfterMs }) => {
  const controller = new AbortController()
  const abort = () => controller.abort(new AppError('RUN_TIMEOUT', 'run r.1 took too long'))
  if (abortAfterMs === 0) abort()
  else setTimeout(abort, abortAfterMs)
  await expect(get(() => {}, {}, { signal: controller.signal })).rejects.toEqual(failure('RUN_TIMEOUT', 'run r.1'))
})

test('a plain abort is a cancelled run', async () => {
  await expect(get(() => {}, {}, { signal: AbortSignal.abort() })).rejects.toEqual(failure('RUN_CANCELLED', ''))
})

describe('over TLS', () => {
  const certificates = makeCertificates()
  const { caFile, clientCertFile: certFile, clientKeyFile: keyFile } = certificates
  afterAll(() => rmSync(certificates.dir, { recursive: true }))

  async function getTls(tls: Config['tls'], requestCert: boolean): Promise<string> {
    const handler: Handler = ({ headers }, response) => void response.end(headers.authorization)
    await using server = await localServer(handler, {
      cert: readFileSync(certificates.serverCertFile),
      key: readFileSync(certificates.serverKeyFile),
      ca: readFileSync(caFile),
      requestCert,
      rejectUnauthorized: requestCert,
    })
    await using http = client(server.url, { tls, basic: { username: 'u', password: 'p' } })
    return (await http.request({ method: 'GET', url: server.url })).text()
  }

  test.each([
    { name: 'the authority of the store', tls: { caFile }, requestCert: false },
    { name: 'a client certificate', tls: { caFile, certFile, keyFile }, requestCert: true },
    { name: 'verification off', tls: { insecureSkipVerify: true }, requestCert: false },
  ])('$name connects, with basic authorization', async ({ tls, requestCert }) => {
    expect(await getTls(tls, requestCert)).toBe(`Basic ${Buffer.from('u:p').toString('base64')}`)
  })

  test.each([
    { name: 'an unknown authority', tls: undefined, requestCert: false },
    { name: 'another name', tls: { caFile, serverName: 'other.example' }, requestCert: false },
    { name: 'no client certificate', tls: { caFile }, requestCert: true },
  ])('$name is refused', async ({ tls, requestCert }) => {
    await expect(getTls(tls, requestCert)).rejects.toEqual(failure('STORE_UNAVAILABLE', 'datasource main'))
  })
})
