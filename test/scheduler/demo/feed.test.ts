import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { backfill, liveFeed, newestSampleMs } from '../../../scheduler/demo/feed.ts'
import { demoSeries, type Outage } from '../../../scheduler/demo/generator.ts'

const nowMs = Date.UTC(2026, 10, 24, 12, 0, 17)
const series = demoSeries().slice(0, 2)
let server: Server
let storeUrl: string
let imported: { metric: Record<string, string>; timestamps: number[]; values: number[] }[]
let newestSeconds: number | undefined
let failures: number
let isPrometheus: boolean

beforeEach(async () => {
  imported = []
  newestSeconds = undefined
  failures = 0
  isPrometheus = false
  server = createServer(async (request, response) => {
    const body = await text(request)
    if (request.url === '/api/v1/query' && isPrometheus) return response.writeHead(400).end('unknown function')
    if (request.url === '/api/v1/query') {
      const result = newestSeconds === undefined ? [] : [{ metric: {}, value: [0, `${newestSeconds}`] }]
      return response.end(JSON.stringify({ status: 'success', data: { result } }))
    }
    if (request.url === '/api/v1/import' && failures-- > 0) return response.writeHead(503).end('later')
    if (request.url === '/api/v1/import') imported.push(...body.split('\n').map((line) => JSON.parse(line)))
    return response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  storeUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(() => server.close())

const stamps = (i: number) =>
  imported
    .filter(({ metric }) => metric.__name__ === series[i]?.labels.__name__)
    .flatMap(({ timestamps }) => timestamps)

test('an empty store gets 8 days every 30 s, up to the last 5 s', async () => {
  const afterMs = await newestSampleMs(storeUrl, nowMs)
  expect(await backfill({ storeUrl, series, afterMs }, nowMs)).toBe(2 * (8 * 2_880 + 3))
  const times = stamps(0)
  expect(times.at(0)).toBe(nowMs - 8 * 86_400_000 + 13_000)
  expect(times.at(-1)).toBe(nowMs - 2_000)
  expect(times.slice(1).every((ms, i) => [5_000, 30_000].includes(ms - times[i]!))).toBe(true)
})

test('a store that was filled before gets the gap only', async () => {
  newestSeconds = nowMs / 1000 - 62
  const afterMs = await newestSampleMs(storeUrl, nowMs)
  await backfill({ storeUrl, series, afterMs }, nowMs)
  expect(stamps(0)[0]).toBe(nowMs - 57_000)
  expect(stamps(0)).toHaveLength(12)
  expect(new Set(stamps(1)).size).toBe(12)
})

test('live samples show the outage, and a failed write is made up for', async () => {
  const turn = liveFeed({ storeUrl, series, afterMs: nowMs - 2_000 })
  const outage: Outage = { service: 'checkout', fromMs: nowMs + 8_000 }
  failures = 1
  await expect(turn(nowMs + 4_000, outage)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  await turn(nowMs + 9_000, outage)
  expect(stamps(0)).toEqual([nowMs + 3_000, nowMs + 8_000])
  const [quiet = 0, broken = 0] = imported[0]?.values ?? []
  expect(broken).toBeLessThan(0.2 * quiet)
  await turn(nowMs + 10_000, outage)
  expect(stamps(0)).toHaveLength(2)
})

test('a store that refuses says why', async () => {
  failures = 1
  await expect(backfill({ storeUrl, series, afterMs: nowMs - 60_000 }, nowMs)).rejects.toThrow(
    /api\/v1\/import answered 503: later/,
  )
})

test('a store that takes no past is told before anything is written', async () => {
  isPrometheus = true
  await expect(newestSampleMs(storeUrl, nowMs)).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: expect.stringMatching(/only VictoriaMetrics takes: http.* answered 400: unknown function/),
  })
})
