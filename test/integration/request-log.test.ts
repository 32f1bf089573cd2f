import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Server, startRedis } from '../../scheduler/stack/servers.ts'
import { requestLog } from '../../scheduler/store/missions/request-log.ts'

let server: Server
let redis: Redis
const dir = mkdtempSync(join(tmpdir(), 'at-request-log-'))
const name = { tenant: 'default', mission: 'checkout' }

beforeAll(async () => {
  server = await startRedis({ dir })
  redis = new Redis(server.url)
})
afterAll(async () => {
  redis?.disconnect()
  await server?.stop()
  rmSync(dir, { recursive: true, force: true })
})

test('of many workers that ask at once, one may request, and again after the interval', async () => {
  const log = requestLog(redis)
  const answers = await Promise.all(Array.from({ length: 20 }, () => log.mayRequest(name, 'join', 1_000, 300_000)))
  expect(answers.filter(Boolean)).toHaveLength(1)
  expect(await log.mayRequest(name, 'request', 1_000, 300_000)).toBe(true)
  expect(await log.mayRequest(name, 'join', 300_999, 300_000)).toBe(false)
  expect(await log.mayRequest(name, 'join', 301_000, 300_000)).toBe(true)
})

test('a series is ready once it has been seen for long enough', async () => {
  const log = requestLog(redis)
  const ids = Array.from({ length: 4_500 }, (_, i) => `id${i}`)
  expect(await log.seenFor(name, ids, 10_000, 5_000)).toEqual([])
  expect(await log.seenFor(name, ['id7', 'new', 'id4499'], 15_000, 5_000)).toEqual(['id7', 'id4499'])
  expect(await log.firstSeen(name, ['id7', 'new', 'never'])).toEqual(
    new Map([
      ['id7', 10_000],
      ['new', 15_000],
    ]),
  )
})
