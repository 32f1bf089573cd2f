import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Server, startRedis } from '../../scheduler/stack/servers.ts'
import { createAuditStore } from '../../scheduler/store/audit-store.ts'
import { fakeApi } from '../fakes/fake-api.ts'

let server: Server
let redis: Redis
const dir = mkdtempSync(join(tmpdir(), 'at-audit-'))

beforeAll(async () => {
  server = await startRedis({ dir })
  redis = new Redis(server.url, { maxRetriesPerRequest: 0, enableOfflineQueue: false })
  await new Promise((resolve) => redis.once('ready', resolve))
})
afterAll(async () => {
  redis?.disconnect()
  await server?.stop()
  rmSync(dir, { recursive: true, force: true })
})

const entry = (atMs: number) => {
  return { atMs, actor: 'ann', method: 'PUT', path: '/api/v1/missions/cpu', status: 200, requestId: `${atMs}` }
}

test('changes come back newest first, page by page, each tenant its own', async () => {
  const store = createAuditStore(redis)
  for (const ms of [1, 2, 3]) await store.add('red', { ...entry(ms), generation: ms })
  await store.add('blue', entry(4))
  const first = await store.list('red', { limit: 2 })
  expect(first.items).toMatchObject([{ ...entry(3), generation: 3 }, { atMs: 2 }])
  const rest = await store.list('red', { limit: 2, ...(first.cursor !== undefined && { cursor: first.cursor }) })
  expect(rest).toEqual({ items: [expect.objectContaining({ atMs: 1 })] })
  expect((await store.list('blue', { limit: 10 })).items).toHaveLength(1)
  expect(await redis.pttl('{at}:audit:red')).toBeGreaterThan(89 * 86_400_000)
})

test('an entry of another release is left out, and the log never grows without bound', async () => {
  const store = createAuditStore(redis)
  await redis.xadd('{at}:audit:green', '*', 'change', '{"other":1}')
  await store.add('green', entry(1))
  expect((await store.list('green', { limit: 10 })).items).toHaveLength(1)
  const fill = redis.pipeline()
  for (let i = 0; i < 12_000; i++) fill.xadd('{at}:audit:green', '*', 'change', '{}')
  await fill.exec()
  await store.add('green', entry(2))
  expect(await redis.xlen('{at}:audit:green')).toBeLessThan(10_200)
})

test('replicas count the requests of a key together, and go on while Redis is away', async () => {
  const apiKeys = [{ name: 'ann', key: 'key-of-ann-in-red', tenant: 'red' }]
  const replicas = await Promise.all(
    [1, 2].map(() => fakeApi({ settings: { apiKeys, requestsPerMinute: 3 }, rateRedis: redis })),
  )
  const headers = { authorization: `Bearer ${apiKeys[0]?.key}` }
  const statuses = []
  for (const i of [0, 1, 0, 1])
    statuses.push((await replicas[i]?.inject({ url: '/api/v1/missions', headers }))?.statusCode)
  expect(statuses).toEqual([200, 200, 200, 429])
  await server.stop()
  expect((await replicas[0]?.inject({ url: '/api/v1/missions', headers }))?.statusCode).toBe(200)
  for (const replica of replicas) await replica.close()
})
