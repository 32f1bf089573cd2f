import { expect, test } from 'vitest'
import type { RedisSettings } from '../../../scheduler/config/schema.ts'
import { addressesOf, clusterOptions, redisOptions } from '../../../scheduler/redis/redis-options.ts'

const settings = { url: 'redis://control:7000/2', dataUrl: 'rediss://[::1]', password: 'a', dataPassword: 'b' }

test('both targets have an address, a database and a password of their own', () => {
  expect(redisOptions(settings, 'control', 'producer')).toMatchObject({
    host: 'control',
    port: 7000,
    db: 2,
    password: 'a',
  })
  expect(redisOptions(settings, 'data', 'producer')).toMatchObject({ host: '::1', port: 6379, db: 0, password: 'b' })
})

test('credentials in the URL win and are decoded', () => {
  const options = redisOptions({ url: 'redis://at:p%40ss@h', username: 'x', password: 'y' }, 'control', 'producer')
  expect(options).toMatchObject({ username: 'at', password: 'p@ss' })
})

test('rediss:// or a tls section means TLS', () => {
  expect(redisOptions({ url: 'redis://h' }, 'control', 'producer').tls).toBeUndefined()
  expect(redisOptions({ url: 'rediss://h' }, 'control', 'producer').tls).toEqual({
    servername: 'h',
    rejectUnauthorized: true,
  })
  const tls = { ca: 'PEM', serverName: 'redis.example', insecureSkipVerify: false }
  expect(redisOptions({ url: 'redis://h', tls }, 'control', 'producer').tls).toEqual({
    ...{ ca: 'PEM', servername: 'redis.example', rejectUnauthorized: true },
  })
})

test('producers fail fast, workers wait, and both are back within 2 s', () => {
  const producer = redisOptions(settings, 'control', 'producer')
  expect(producer).toMatchObject({ enableOfflineQueue: false, maxRetriesPerRequest: 1, connectTimeout: 2_000 })
  expect(redisOptions(settings, 'control', 'worker')).toMatchObject({ maxRetriesPerRequest: null })
  expect(producer.retryStrategy?.(1)).toBe(100)
  expect(producer.retryStrategy?.(1_000)).toBe(2_000)
})

test('sentinels name the master: what the URL bears is theirs, the rest is of Redis', () => {
  const sentinels: RedisSettings = {
    ...{ mode: 'sentinel', master: 'at', url: 'rediss://:of-sentinels@s0/3', nodes: ['rediss://s1:7000'] },
    password: 'of-redis',
  }
  const tls = { rejectUnauthorized: true }
  expect(redisOptions(sentinels, 'control', 'producer')).toMatchObject({
    sentinels: [
      { host: 's0', port: 26_379 },
      { host: 's1', port: 7000 },
    ],
    ...{ name: 'at', db: 3, password: 'of-redis', sentinelPassword: 'of-sentinels' },
    ...{ tls, sentinelTLS: tls, enableTLSForSentinelMode: true },
  })
})

test('a cluster is asked at every node that is given; a Redis for payloads stays one', () => {
  const cluster: RedisSettings = { mode: 'cluster', url: 'redis://n0:7000', nodes: ['redis://n1'], password: 'a' }
  expect(addressesOf(cluster, 'control')).toEqual([
    { host: 'n0', port: 7000 },
    { host: 'n1', port: 6379 },
  ])
  expect(addressesOf({ ...cluster, dataUrl: 'redis://d' }, 'data')).toEqual([{ host: 'd', port: 6379 }])
  const { redisOptions: node, clusterRetryStrategy } = clusterOptions(cluster, 'producer')
  expect(node).toMatchObject({ password: 'a', maxRetriesPerRequest: 1 })
  expect(clusterRetryStrategy?.(1_000)).toBe(2_000)
})
