import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { type Server, startRedis } from '../../scheduler/stack/servers.ts'

/** A real Redis for the tests of a file, emptied before each. `restart` stops it and starts it again after `awayMs`. */
export function realRedis({ durable = false } = {}) {
  const extraArgs = durable ? [] : ['--appendonly', 'no']
  let dir: string
  let server: Server
  const clients: Redis[] = []
  const context = {
    get url() {
      return server.url
    },
    redis: undefined as unknown as Redis,
    connect(): Redis {
      const client = new Redis(server.url, {
        maxRetriesPerRequest: null,
        retryStrategy: (attempt) => Math.min(attempt * 50, 2_000),
      })
      client.on('error', () => undefined)
      clients.push(client)
      return client
    },
    async restart(awayMs: number) {
      await server.stop()
      await new Promise((resolve) => setTimeout(resolve, awayMs))
      server = await startRedis({ dir, port: server.port, extraArgs })
    },
  }
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'at-redis-'))
    server = await startRedis({ dir, extraArgs })
    context.redis = context.connect()
  })
  beforeEach(async () => {
    await context.redis.flushall()
  })
  afterAll(async () => {
    for (const client of clients) client.disconnect()
    await server?.stop()
    await rm(dir, { recursive: true, force: true })
  })
  return context
}
