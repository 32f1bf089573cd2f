import { Redis, type RedisOptions } from 'ioredis'
import { AppError } from '../../models/errors.ts'
import type { RedisSettings } from '../config/schema.ts'

/** `control`: missions, queue, ticks, marks. `data`: forecast payloads, the same Redis unless `dataUrl` names another. */
export type RedisTarget = 'control' | 'data'

/**
 * `producer` fails a command at once while Redis is away, and after 5 s when it hangs. `worker` is for BullMQ workers,
 * whose blocking reads wait for as long as it takes.
 */
export type RedisUse = 'producer' | 'worker'

export interface RedisConnections {
  readonly control: Redis
  /** The same object as `control` when both are one Redis. */
  readonly data: Redis
  close(): Promise<void>
}

/** For ioredis and for BullMQ's `connection`. */
export function redisOptions(
  settings: RedisSettings,
  target: RedisTarget,
  use: RedisUse,
): Omit<RedisOptions, 'replyMapping'> {
  const url = new URL(target === 'data' ? (settings.dataUrl ?? settings.url) : settings.url)
  const isOwn = target === 'data' && settings.dataUrl !== undefined
  const username = decodeURIComponent(url.username) || (isOwn && settings.dataUsername) || settings.username
  const password = decodeURIComponent(url.password) || (isOwn && settings.dataPassword) || settings.password
  const db = Number(url.pathname.slice(1) || 0)
  const tls = tlsOptions(settings, url)
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 6379),
    db: Number.isInteger(db) ? db : 0,
    ...(username && { username }),
    ...(password && { password }),
    ...(tls && { tls }),
    connectTimeout: 2_000,
    // the default grows to 20 s: measured, a worker then came back 18 s after Redis did
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 10), 2_000),
    // a replica that was promoted away answers READONLY until we connect anew
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
    ...(use === 'worker'
      ? { maxRetriesPerRequest: null }
      : { enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: 5_000 }),
  }
}

function tlsOptions({ tls }: RedisSettings, url: URL): RedisOptions['tls'] {
  if (!tls && url.protocol !== 'rediss:') return undefined
  const { ca, cert, key, serverName, insecureSkipVerify = false } = tls ?? {}
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    servername: serverName ?? url.hostname,
    rejectUnauthorized: !insecureSkipVerify,
  }
}

/**
 * Connects both targets as producers and waits until they answer.
 * @param onError called for every connection error later on; ioredis reconnects by itself.
 * @throws REDIS_UNAVAILABLE naming the address when Redis does not answer within `waitMs`.
 */
export async function connectRedis(
  settings: RedisSettings,
  { onError, waitMs = 10_000 }: { onError: (target: RedisTarget, error: Error) => void; waitMs?: number },
): Promise<RedisConnections> {
  const open = (target: RedisTarget) => {
    const client = new Redis(redisOptions(settings, target, 'producer'))
    client.on('error', (error: Error) => onError(target, error))
    return client
  }
  const control = open('control')
  const data = settings.dataUrl === undefined ? control : open('data')
  const clients = [...new Set([control, data])]
  try {
    await Promise.all(clients.map((client) => ready(client, waitMs)))
  } catch (error) {
    for (const client of clients) client.disconnect()
    throw error
  }
  return {
    control,
    data,
    close: async () => {
      await Promise.all(clients.map(close))
    },
  }
}

/** Lets commands that are under way finish; a Redis that is away is only left. */
async function close(client: Redis): Promise<void> {
  if (client.status === 'ready') await client.quit().catch(() => undefined)
  client.disconnect()
}

function ready(client: Redis, waitMs: number): Promise<void> {
  if (client.status === 'ready') return Promise.resolve()
  return new Promise((resolve, reject) => {
    let lastError: Error | undefined
    const remember = (error: Error) => {
      lastError = error
    }
    const settle = (done: () => void) => {
      clearTimeout(timer)
      client.off('ready', isReady)
      client.off('error', remember)
      done()
    }
    const isReady = () => settle(resolve)
    const timer = setTimeout(() => {
      const { host, port } = client.options
      const why = lastError?.message ? `: ${lastError.message}` : ''
      const message = `Redis at ${host}:${port} does not answer${why}`
      settle(() => reject(new AppError('REDIS_UNAVAILABLE', message, { cause: lastError })))
    }, waitMs)
    client.on('ready', isReady)
    client.on('error', remember)
  })
}

/** ioredis gives its connection errors no code, so this is the one place that knows their texts. */
export function isRedisConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return (
    error.name === 'MaxRetriesPerRequestError' ||
    /^(?:Stream isn't writeable|Connection is closed|Command timed out|connect (?:ECONNREFUSED|ETIMEDOUT))/.test(
      error.message,
    ) ||
    /^(?:LOADING|READONLY|MASTERDOWN|CLUSTERDOWN) /.test(error.message)
  )
}
