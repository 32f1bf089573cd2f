import type { Readable } from 'node:stream'
import * as zlib from 'node:zlib'
import { Agent, type Dispatcher, request as send } from 'undici'
import { AppError, toAppError } from '../../models/errors.ts'
import type { Datasource } from './datasource.ts'

export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  /** Absolute. */
  readonly url: string
  readonly body?: string | Uint8Array
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
   * Decompressed, once.
   * @throws RESPONSE_INVALID when it ends early, STORE_UNAVAILABLE on time-out, RUN_CANCELLED.
   */
  chunks(): AsyncGenerator<Uint8Array, void, undefined>
  /** At most `maxBytes` (default 64 KiB) of the body; the rest is discarded. */
  text(maxBytes?: number): Promise<string>
  discard(): Promise<void>
}

/** HTTP to one datasource. Any status is an answer; no answer throws STORE_UNAVAILABLE (or RUN_CANCELLED by `signal`). */
export interface DatasourceHttp {
  request(request: HttpRequest): Promise<HttpResponse>
  close(): Promise<void>
}

/** One connection pool per datasource, with its authorization, TLS, compression and time-outs. */
export function datasourceHttp(datasource: Datasource): DatasourceHttp {
  const agent = new Agent({
    connect: { timeout: Math.min(datasource.timeoutMs, 10_000), ...tlsOptions(datasource) },
    // one deadline over everything instead: a store that sends a byte now and then hangs as well
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  return {
    request: (request) => exchange(datasource, agent, request),
    close: () => agent.destroy(),
  }
}

function tlsOptions({ tls }: Datasource): Record<string, unknown> {
  if (!tls) return {}
  const { ca, cert, key, serverName, insecureSkipVerify } = tls
  return { ca, cert, key, rejectUnauthorized: !insecureSkipVerify, ...(serverName && { servername: serverName }) }
}

async function exchange(datasource: Datasource, agent: Agent, request: HttpRequest): Promise<HttpResponse> {
  const deadline = startDeadline(datasource.name, request.timeoutMs ?? datasource.timeoutMs, request.signal)
  try {
    const answer = await send(request.url, {
      dispatcher: agent,
      method: request.method,
      headers: requestHeaders(datasource, request),
      body: request.body ?? null,
      signal: deadline.signal,
    })
    return httpResponse(answer, deadline)
  } catch (error) {
    deadline.end()
    throw deadline.explain(error) ?? unreachable(datasource.name, request.url, error)
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
  const chunks = () => readBody(decoded(body, header('content-encoding')), body, deadline)
  return {
    status: statusCode,
    header,
    chunks,
    text: (maxBytes = 65_536) => firstText(chunks(), maxBytes),
    async discard() {
      await firstText(chunks(), 65_536)
    },
  }
}

function decoded(body: Readable, encoding: string | undefined): Readable {
  const decoder = decoders[encoding ?? '']?.()
  if (!decoder) return body
  body.once('error', (error) => decoder.destroy(error))
  return body.pipe(decoder)
}

async function* readBody(stream: Readable, body: Readable, deadline: Deadline): AsyncGenerator<Uint8Array, void> {
  try {
    for await (const chunk of stream) yield chunk as Uint8Array
  } catch (error) {
    throw deadline.explain(error) ?? truncated(deadline.name, error)
  } finally {
    deadline.end()
    body.destroy()
  }
}

async function firstText(chunks: AsyncGenerator<Uint8Array, void>, maxBytes: number): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    parts.push(chunk)
    bytes += chunk.length
    if (bytes >= maxBytes) break
  }
  return Buffer.concat(parts).subarray(0, maxBytes).toString()
}

interface Deadline {
  readonly name: string
  readonly signal: AbortSignal
  /** Our time-out or the caller's abort, when one of them was the reason. */
  explain(error: unknown): AppError | undefined
  end(): void
}

function startDeadline(name: string, timeoutMs: number, caller: AbortSignal | undefined): Deadline {
  const controller = new AbortController()
  const timer = setTimeout(
    () => controller.abort(new AppError('STORE_UNAVAILABLE', `datasource ${name}: no answer within ${timeoutMs} ms`)),
    timeoutMs,
  )
  const cancel = () => controller.abort(toAppError(caller?.reason, 'RUN_CANCELLED'))
  caller?.addEventListener('abort', cancel, { once: true })
  if (caller?.aborted) cancel()
  return {
    name,
    signal: controller.signal,
    explain: () => (controller.signal.aborted ? (controller.signal.reason as AppError) : undefined),
    end() {
      clearTimeout(timer)
      caller?.removeEventListener('abort', cancel)
    },
  }
}

function unreachable(name: string, url: string, error: unknown): AppError {
  return new AppError('STORE_UNAVAILABLE', `datasource ${name}: ${new URL(url).origin}: ${reasonOf(error)}`, {
    cause: error,
  })
}

function truncated(name: string, error: unknown): AppError {
  return new AppError('RESPONSE_INVALID', `datasource ${name}: the answer ended early: ${reasonOf(error)}`, {
    cause: error,
  })
}

/** Node reports a refused connection of several addresses as an AggregateError without a message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  if (!(error instanceof Error)) return String(error)
  return error.message || ('code' in error ? String(error.code) : error.name)
}
