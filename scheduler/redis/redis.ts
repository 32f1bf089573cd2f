import { Cluster, Redis } from 'ioredis'
import { AppError } from '../../models/errors.ts'
import type { RedisClient } from '../../tasks/cache/redis.ts'
import type { RedisSettings } from '../config/schema.ts'
import { corkWrites } from './cork-writes.ts'
import {
  addressesOf,
  clusterOptions,
  hasOwnData,
  modeOf,
  type RedisTarget,
  type RedisUse,
  redisOptions,
} from './redis-options.ts'

export type { RedisTarget, RedisUse } from './redis-options.ts'

export interface RedisConnections {
  readonly control: RedisClient
  /** The same object as `control` when both are one Redis. */
  readonly data: RedisClient
  close(): Promise<void>
}

/** Begins to connect; also to the master that sentinels name, or to a cluster. */
export function openRedis(settings: RedisSettings, target: RedisTarget, use: RedisUse): RedisClient {
  const client =
    modeOf(settings, target) === 'cluster'
      ? new Cluster(addressesOf(settings, target), clusterOptions(settings, use))
      : new Redis(redisOptions(settings, target, use))
  corkWrites(client)
  return client
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
    const client = openRedis(settings, target, 'producer')
    client.on('error', (error: Error) => onError(target, error))
    return { client, name: nameOf(settings, target) }
  }
  const control = open('control')
  const data = hasOwnData(settings) ? open('data') : control
  const opened = [...new Set([control, data])]
  try {
    await Promise.all(opened.map((connection) => ready(connection, waitMs)))
  } catch (error) {
    for (const { client } of opened) client.disconnect()
    throw error
  }
  return {
    control: control.client,
    data: data.client,
    close: async () => {
      await Promise.all(opened.map(({ client }) => close(client)))
    },
  }
}

/** As messages call it. */
function nameOf(settings: RedisSettings, target: RedisTarget): string {
  const addresses = addressesOf(settings, target)
    .map(({ host, port }) => `${host}:${port}`)
    .join(', ')
  const mode = modeOf(settings, target)
  if (mode === 'sentinel') return `Redis "${settings.master}" of the sentinels at ${addresses}`
  return `Redis${mode === 'cluster' ? ' Cluster' : ''} at ${addresses}`
}

/** Lets commands that are under way finish; a Redis that is away is only left. */
async function close(client: RedisClient): Promise<void> {
  if (client.status === 'ready') await client.quit().catch(() => undefined)
  client.disconnect()
}

function ready({ client, name }: { client: RedisClient; name: string }, waitMs: number): Promise<void> {
  if (client.status === 'ready') return Promise.resolve()
  return new Promise((resolve, reject) => {
    let lastError: (Error & { readonly lastNodeError?: Error }) | undefined
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
      // a cluster only tells that no node would do, and why with the last of them
      const reason = (lastError?.lastNodeError ?? lastError)?.message
      const message = `${name} does not answer${reason ? `: ${reason}` : ''}`
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
    ['MaxRetriesPerRequestError', 'ClusterAllFailedError'].includes(error.name) ||
    /^(?:Stream isn't writeable|Connection is closed|Command timed out|connect (?:ECONNREFUSED|ETIMEDOUT))/.test(
      error.message,
    ) ||
    /^(?:Cluster isn't ready|Too many Cluster redirections|All sentinels are unreachable)/.test(error.message) ||
    /^(?:LOADING|READONLY|MASTERDOWN|CLUSTERDOWN) /.test(error.message)
  )
}
