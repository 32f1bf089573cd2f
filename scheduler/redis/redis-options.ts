import type { ClusterOptions, RedisOptions } from 'ioredis'
import type { RedisSettings } from '../config/schema.ts'

/** `control`: missions, queue, ticks, marks. `data`: forecast payloads, the same Redis unless `dataUrl` names another. */
export type RedisTarget = 'control' | 'data'

/**
 * `producer` fails a command at once while Redis is away, and after 5 s when it hangs. `worker` is for BullMQ workers,
 * whose blocking reads wait for as long as it takes.
 */
export type RedisUse = 'producer' | 'worker'

export interface RedisAddress {
  readonly host: string
  readonly port: number
}

type Options = Omit<RedisOptions, 'replyMapping'>

export const hasOwnData = ({ dataUrl }: RedisSettings): boolean => dataUrl !== undefined

/** `dataUrl` always names one Redis. */
export function modeOf(settings: RedisSettings, target: RedisTarget): NonNullable<RedisSettings['mode']> {
  return target === 'data' && hasOwnData(settings) ? 'single' : (settings.mode ?? 'single')
}

/** Redis itself, the sentinels, or nodes of the cluster: whoever is asked first. */
export function addressesOf(settings: RedisSettings, target: RedisTarget): RedisAddress[] {
  const { url, dataUrl = url, nodes = [] } = settings
  const mode = modeOf(settings, target)
  const urls = mode === 'single' ? [target === 'data' ? dataUrl : url] : [url, ...nodes]
  const defaultPort = mode === 'sentinel' ? 26_379 : 6379
  return urls.map((text) => addressOf(new URL(text), defaultPort))
}

const addressOf = ({ hostname, port }: URL, defaultPort: number): RedisAddress => ({
  host: hostname.replace(/^\[|\]$/g, ''),
  port: Number(port || defaultPort),
})

/** Of one Redis, or of the master that the sentinels name. For ioredis and for BullMQ's `connection`. */
export function redisOptions(settings: RedisSettings, target: RedisTarget, use: RedisUse): Options {
  const url = urlOf(settings, target)
  const db = Number(url.pathname.slice(1) || 0)
  const common = { db: Number.isInteger(db) ? db : 0, retryStrategy, ...connectionOptions(settings, target, use) }
  const addresses = addressesOf(settings, target)
  if (modeOf(settings, target) === 'sentinel') return { ...common, ...sentinelOptions(settings, addresses) }
  return { ...common, ...addresses[0] }
}

type NodeOptions = ReturnType<typeof connectionOptions>

export function clusterOptions(
  settings: RedisSettings,
  use: RedisUse,
): Omit<ClusterOptions, 'redisOptions'> & { readonly redisOptions: NodeOptions } {
  const redisOptions = connectionOptions(settings, 'control', use)
  return {
    redisOptions,
    clusterRetryStrategy: retryStrategy,
    enableOfflineQueue: use === 'worker',
    slotsRefreshTimeout: connectTimeoutMs,
    // the certificate is of the name, not of the address
    ...(redisOptions.tls && { dnsLookup: (name, found) => found(null, name) }),
  }
}

function sentinelOptions(settings: RedisSettings, sentinels: RedisAddress[]): Options {
  const { master, sentinelUsername, sentinelPassword } = settings
  const url = new URL(settings.url)
  const username = decodeURIComponent(url.username) || sentinelUsername
  const password = decodeURIComponent(url.password) || sentinelPassword
  const tls = tlsOptions(settings, url)
  return {
    sentinels,
    ...(master !== undefined && { name: master }),
    ...(username && { sentinelUsername: username }),
    ...(password && { sentinelPassword: password }),
    ...(tls && { sentinelTLS: tls, enableTLSForSentinelMode: true }),
    sentinelRetryStrategy: retryStrategy,
    // an old master that still answers does not tell that it is none any more
    failoverDetector: true,
  }
}

const connectTimeoutMs = 2_000

/** The default grows to 20 s: measured, a worker then came back 18 s after Redis did. */
const retryStrategy = (attempt: number): number => Math.min(50 * 2 ** Math.min(attempt, 10), 2_000)

/** What every connection has, to whatever node. */
function connectionOptions(settings: RedisSettings, target: RedisTarget, use: RedisUse) {
  const tls = tlsOptions(settings, urlOf(settings, target))
  return {
    ...credentials(settings, target),
    ...(tls && { tls }),
    connectTimeout: connectTimeoutMs,
    // a master that became a replica answers READONLY until we connect anew
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
    ...(use === 'worker'
      ? { maxRetriesPerRequest: null }
      : { enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: 5_000 }),
  }
}

/** Those in a URL are of whoever answers there: with sentinels they say nothing of Redis itself. */
function credentials(settings: RedisSettings, target: RedisTarget): { username?: string; password?: string } {
  const isOwn = target === 'data' && hasOwnData(settings)
  const url = modeOf(settings, target) === 'sentinel' ? undefined : urlOf(settings, target)
  const username = decodeURIComponent(url?.username ?? '') || (isOwn && settings.dataUsername) || settings.username
  const password = decodeURIComponent(url?.password ?? '') || (isOwn && settings.dataPassword) || settings.password
  return { ...(username && { username }), ...(password && { password }) }
}

const urlOf = ({ url, dataUrl = url }: RedisSettings, target: RedisTarget): URL =>
  new URL(target === 'data' ? dataUrl : url)

function tlsOptions(settings: RedisSettings, url: URL): RedisOptions['tls'] {
  const { tls } = settings
  if (!tls && url.protocol !== 'rediss:') return undefined
  const { ca, cert, key, insecureSkipVerify = false } = tls ?? {}
  // with sentinels or a cluster each node has a name of its own
  const serverName = tls?.serverName ?? ((settings.mode ?? 'single') === 'single' ? url.hostname : undefined)
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(serverName !== undefined && { servername: serverName }),
    rejectUnauthorized: !insecureSkipVerify,
  }
}
