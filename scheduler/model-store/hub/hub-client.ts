import { type Dispatcher, EnvHttpProxyAgent, request } from 'undici'
import { AppError } from '../../../models/errors.ts'
import { hubFailure, hubUnreachable } from './hub-failure.ts'

export interface HubOptions {
  /** May have a path, as mirrors do. */
  readonly endpoint: string
  readonly token: string | undefined
  /** Longest silence of the hub or its storage. Default 30 s. */
  readonly silenceMs?: number
}

export interface HubRequest {
  /** Below the endpoint, encoded. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  /** What is asked for, in errors. */
  readonly what: string
}

export interface HubResponse {
  readonly status: number
  readonly headers: Dispatcher.ResponseData['headers']
  /** Headers of the hub itself where it redirected to a storage host, which only knows bytes. */
  readonly hubHeaders: Dispatcher.ResponseData['headers']
  readonly body: Dispatcher.ResponseData['body']
}

export interface HubClient {
  readonly endpoint: string
  /** Follows redirects; the token goes to the hub only. @throws HUB_UNAVAILABLE, HUB_DENIED, NOT_FOUND */
  get(request: HubRequest): Promise<HubResponse>
  close(): Promise<void>
}

const maxRedirects = 5
// 206 and 416 answer a range
const expected = new Set([200, 206, 416])

export function openHub({ endpoint, token, silenceMs = 30_000 }: HubOptions): HubClient {
  const base = endpoint.replace(/\/+$/, '')
  const { origin } = new URL(base)
  // as curl and the hub's own client do: HTTPS_PROXY, NO_PROXY
  const dispatcher = new EnvHttpProxyAgent({ headersTimeout: silenceMs, bodyTimeout: silenceMs })

  async function ask(url: URL, { headers, signal }: HubRequest) {
    const isHub = url.origin === origin
    const sent = {
      'user-agent': 'anomaly-times',
      ...headers,
      ...(isHub && token !== undefined && { authorization: `Bearer ${token}` }),
    }
    try {
      return await request(url, { dispatcher, signal, headers: sent })
    } catch (error) {
      signal.throwIfAborted()
      throw hubUnreachable(url, error)
    }
  }

  return {
    endpoint: base,
    async get(asked) {
      let url = new URL(`${base}${asked.path}`)
      let hubHeaders: HubResponse['hubHeaders'] = {}
      for (let hops = 0; hops <= maxRedirects; hops++) {
        const { statusCode: status, headers, body } = await ask(url, asked)
        if (url.origin === origin) hubHeaders = { ...hubHeaders, ...headers }
        if (expected.has(status)) return { status, headers, hubHeaders, body }
        if (!isRedirect(status)) throw await hubFailure({ url, status, headers, body, what: asked.what, token })
        await body.dump()
        url = nextHop(url, headers.location)
      }
      throw new AppError('RESPONSE_INVALID', `${base}: more than ${maxRedirects} redirects for ${asked.what}`)
    },
    close: () => dispatcher.destroy(),
  }
}

const isRedirect = (status: number): boolean => status >= 300 && status < 400

function nextHop(from: URL, location: string | string[] | undefined): URL {
  const target = typeof location === 'string' && URL.canParse(location, from.href) ? new URL(location, from) : undefined
  const isSafe = target?.protocol === 'https:' || (target?.protocol === 'http:' && from.protocol === 'http:')
  if (target && isSafe) return target
  throw new AppError('RESPONSE_INVALID', `${from.origin} redirects to ${location ?? 'nowhere'}, which is not followed`)
}
