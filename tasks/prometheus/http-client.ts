import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import * as zlib from 'node:zlib'
import { Agent, buildConnector, type Dispatcher, request as send } from 'undici'
import { AppError, toAppError } from '../../models/errors.ts'
import { type Breaker, type BreakerOptions, createBreaker } from './breaker.ts'
import type { Datasource } from './datasource.ts'
import { receiveRing } from './receive-ring.ts'

export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  /** Absolute. */
  readonly url: string
  readonly body?: string | Uint8Array
  /** Named in errors, such as datasource and query; default: the datasource. */
  readonly subject?: string
  /** Added to those of the datasource. */
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
  /** From the first byte sent to the last received; default: the datasource's. */
  readonly timeoutMs?: number
}

/** Every response must be read, or discarded: its connection and time-out live so long. */
export interface HttpResponse {
  readonly status: number
  header(name: string): string | undefined
  /**
   * Hands over the decompressed body as it arrives, until `take` returns false. A chunk is valid within the call only.
   * @throws RESPONSE_INVALID when it ends early, STORE_UNAVAILABLE on time-out, RUN_CANCELLED; and what `take` throws.
   */
  read(take: (chunk: Uint8Array) => boolean): Promise<void>
  /** At most `maxBytes` (default 64 KiB) of the body; the rest is discarded. */
  text(maxBytes?: number): Promise<string>
  discard(): Promise<void>
}

/** HTTP to one datasource. Any status is an answer; no answer throws STORE_UNAVAILABLE (or RUN_CANCELLED by `signal`). */
export interface DatasourceHttp {
  /** Counts connection errors and answers other than 503; who reads a 503 says whether it speaks for the store. */
  readonly breaker: Breaker
  request(request: HttpRequest): Promise<HttpResponse>
  close(): Promise<void>
}

/** One connection pool per datasource, with its authorization, TLS, compression and time-outs. */
export function datasourceHttp(datasource: Datasource, breakerOptions?: BreakerOptions): DatasourceHttp {
  const breaker = createBreaker(breakerOptions)
  const agent = new Agent({
    connect: connector(datasource),
    // one deadline over everything instead: a store that sends a byte now and then hangs as well
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  return {
    breaker,
    request: (request) => exchange({ datasource, agent, breaker }, request),
    close: () => agent.destroy(),
  }
}

/** Each plain connection gets its ring; TLS decrypts into memory of its own, and keeps its sessions in the connector. */
function connector(datasource: Datasource): buildConnector.connector {
  const timeout = Math.min(datasource.timeoutMs, 10_000)
  const connectTls = buildConnector({ timeout, ...tlsOptions(datasource) })
  return (target, connected) => {
    const connect = target.protocol === 'https:' ? connectTls : buildConnector({ timeout, onread: receiveRing() })
    connect(target, connected)
  }
}

function tlsOptions({ tls }: Datasource): Record<string, unknown> {
  if (!tls) return {}
  const { ca, cert, key, serverName, insecureSkipVerify } = tls
  return { ca, cert, key, rejectUnauthorized: !insecureSkipVerify, ...(serverName && { servername: serverName }) }
}

interface Connection {
  readonly datasource: Datasource
  readonly agent: Agent
  readonly breaker: Breaker
}

async function exchange({ datasource, agent, breaker }: Connection, request: HttpRequest): Promise<HttpResponse> {
  const { subject = `datasource ${datasource.name}`, timeoutMs = datasource.timeoutMs, signal } = request
  breaker.check(subject)
  const deadline = startDeadline(subject, timeoutMs, signal)
  try {
    const answer = await send(request.url, {
      dispatcher: agent,
      method: request.method,
      headers: requestHeaders(datasource, request),
      body: request.body ?? null,
      signal: deadline.signal,
    })
    if (answer.statusCode !== 503) breaker.answered()
    return httpResponse(answer, deadline)
  } catch (error) {
    deadline.end()
    const ended = deadline.ended()
    if (ended) throw ended
    const reason = `${new URL(request.url).origin}: ${reasonOf(error)}`
    breaker.failed(reason)
    throw new AppError('STORE_UNAVAILABLE', `${subject}: ${reason}`, { cause: error })
  }
}

function requestHeaders(datasource: Datasource, { url, headers }: HttpRequest): Record<string, string> {
  return {
    'user-agent': 'anomaly-times',
    // on loopback compression costs both sides more than it saves
    'accept-encoding': isLoopback(url) ? 'identity' : Object.keys(decoders).join(', '),
    ...datasource.headers,
    ...headers,
  }
}

function isLoopback(url: string): boolean {
  return /^(localhost|.+\.localhost|127\..+|\[::1\])$/.test(new URL(url).hostname)
}

// zstd came with Node 22.15
const decoders: Readonly<Record<string, () => Readable & NodeJS.WritableStream>> = {
  ...('createZstdDecompress' in zlib && { zstd: zlib.createZstdDecompress as () => zlib.Gunzip }),
  gzip: zlib.createGunzip,
  br: zlib.createBrotliDecompress,
  deflate: zlib.createInflate,
}

function httpResponse({ statusCode, headers, body }: Dispatcher.ResponseData, deadline: Deadline): HttpResponse {
  const header = (name: string) => {
    const value = headers[name.toLowerCase()]
    return Array.isArray(value) ? value[0] : value
  }
  // a time-out between answer and reading must not end the process
  body.on('error', () => {})
  const read = (take: (chunk: Uint8Array) => boolean) =>
    readBody(decoded(body, header('content-encoding')), { body, deadline, take })
  return {
    status: statusCode,
    header,
    read,
    text: (maxBytes = 65_536) => firstText(read, maxBytes),
    // a body read to its end leaves the connection open for the next request
    discard: async () => void (await firstText(read, 65_536)),
  }
}

function decoded(body: Readable, encoding: string | undefined): Readable {
  const decoder = decoders[encoding ?? '']?.()
  if (!decoder) return body
  body.once('error', (error) => decoder.destroy(error))
  return body.pipe(decoder)
}

interface BodyReading {
  readonly body: Readable
  readonly deadline: Deadline
  readonly take: (chunk: Uint8Array) => boolean
}

// listening costs a third less than iterating, which joins small chunks to larger ones
async function readBody(stream: Readable, { body, deadline, take }: BodyReading): Promise<void> {
  let enough = false
  let refused: { readonly error: unknown } | undefined
  stream.on('data', (chunk: Uint8Array) => {
    if (enough) return
    try {
      enough = !take(chunk)
    } catch (error) {
      refused = { error }
      enough = true
    }
    if (enough) stream.destroy()
  })
  try {
    await finished(stream)
  } catch (error) {
    if (!enough) throw deadline.ended() ?? truncated(deadline.subject, error)
  } finally {
    deadline.end()
    body.destroy()
  }
  if (refused) throw refused.error
}

async function firstText(read: HttpResponse['read'], maxBytes: number): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  await read((chunk) => {
    parts.push(Uint8Array.from(chunk))
    bytes += chunk.length
    return bytes < maxBytes
  })
  return Buffer.concat(parts).subarray(0, maxBytes).toString()
}

interface Deadline {
  readonly subject: string
  readonly signal: AbortSignal
  /** Our time-out or the caller's abort, once one of them ended the exchange. */
  ended(): AppError | undefined
  end(): void
}

function startDeadline(subject: string, timeoutMs: number, caller: AbortSignal | undefined): Deadline {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(timedOut(subject, timeoutMs)), timeoutMs)
  const cancel = () => controller.abort(toAppError(caller?.reason, 'RUN_CANCELLED'))
  caller?.addEventListener('abort', cancel, { once: true })
  if (caller?.aborted) cancel()
  return {
    subject,
    signal: controller.signal,
    ended: () => (controller.signal.aborted ? (controller.signal.reason as AppError) : undefined),
    end() {
      clearTimeout(timer)
      caller?.removeEventListener('abort', cancel)
    },
  }
}

function timedOut(subject: string, timeoutMs: number): AppError {
  const cause = new DOMException('time-out', 'TimeoutError')
  return new AppError('STORE_UNAVAILABLE', `${subject}: no answer within ${timeoutMs} ms`, { cause })
}

/** A time-out, unlike a connection error, may be the fault of one slow query. */
export function isTimeout({ cause }: AppError): boolean {
  return cause instanceof DOMException && cause.name === 'TimeoutError'
}

function truncated(subject: string, cause: unknown): AppError {
  return new AppError('RESPONSE_INVALID', `${subject}: the answer ended early: ${reasonOf(cause)}`, { cause })
}

/** Node reports a refused connection of several addresses as an AggregateError without a message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  if (!(error instanceof Error)) return String(error)
  return error.message || ('code' in error ? String(error.code) : error.name)
}
