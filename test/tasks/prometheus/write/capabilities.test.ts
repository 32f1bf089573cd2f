import { expect, test } from 'vitest'
import { datasourceConfig, resolveDatasource } from '../../../../tasks/prometheus/datasource.ts'
import { type DatasourceHttp, datasourceHttp } from '../../../../tasks/prometheus/http-client.ts'
import {
  confirmVictoriaMetrics,
  isVictoriaMetrics,
  readDedupInterval,
} from '../../../../tasks/prometheus/write/capabilities.ts'
import { localServer } from '../../../fakes/local-server.ts'

/** A store that has `paths` only, each with an answer. */
async function withStore<T>(
  paths: Record<string, { status?: number; body?: string }>,
  work: (http: DatasourceHttp, url: string) => Promise<T>,
): Promise<T> {
  await using server = await localServer((request, response) => {
    const answer = paths[`${request.method} ${request.url?.split('?')[0]}`]
    response.writeHead(answer ? (answer.status ?? 200) : 404).end(answer?.body ?? '')
  })
  const http = datasourceHttp(resolveDatasource(datasourceConfig.parse({ name: 'main', readUrl: server.url })))
  try {
    return await work(http, server.url)
  } finally {
    await http.close()
  }
}

const topQueries = '{"topN":"1","topByCount":[]}'

test.each([
  { name: 'its read URL', paths: { 'GET /api/v1/status/top_queries': { body: topQueries } }, url: '', answer: 'yes' },
  {
    name: 'its write URL',
    paths: { 'GET /vm/api/v1/status/top_queries': { body: topQueries } },
    url: '/vm/api/v1/write',
    answer: 'yes',
  },
  {
    name: 'a vminsert',
    paths: { 'POST /insert/0/prometheus/api/v1/import/prometheus': { status: 204 } },
    url: '/insert/0/prometheus/api/v1/write',
    answer: 'yes',
  },
  {
    name: 'another store beside it on the same host',
    paths: { 'GET /api/v1/status/top_queries': { body: topQueries } },
    url: '/mimir/api/v1/push',
    answer: 'no',
  },
  { name: 'a store without the endpoint', paths: {}, url: '', answer: 'no' },
  {
    name: 'a page for every path',
    paths: { 'GET /api/v1/status/top_queries': { body: '<html>' } },
    url: '',
    answer: 'no',
  },
  {
    name: 'a gateway that denies it',
    paths: { 'GET /api/v1/status/top_queries': { status: 403 } },
    url: '',
    answer: 'unknown',
  },
  {
    name: 'a store that starts',
    paths: { 'GET /api/v1/status/top_queries': { status: 503 } },
    url: '',
    answer: 'unknown',
  },
])('$name: $answer', async ({ paths, url, answer }) => {
  expect(await withStore(paths, (http, base) => confirmVictoriaMetrics(http, base + url))).toBe(answer)
})

test('a store that does not answer is unknown, an abort is thrown', async () => {
  await withStore({}, async (http) => {
    expect(await confirmVictoriaMetrics(http, 'http://127.0.0.1:1')).toBe('unknown')
    const aborted = AbortSignal.abort(new Error('over'))
    await expect(confirmVictoriaMetrics(http, 'http://127.0.0.1:1', aborted)).rejects.toThrow('over')
  })
})

test('without an answer there is no decision', async () => {
  await withStore({ 'GET /api/v1/status/top_queries': { body: topQueries } }, async (http, url) => {
    expect(await isVictoriaMetrics(http, url)).toBe(true)
    expect(await isVictoriaMetrics(http, `${url}/other`)).toBe(false)
    await expect(isVictoriaMetrics(http, 'http://127.0.0.1:1')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })
})

test.each([
  { body: '-a.b="c"\n-dedup.minScrapeInterval="1ms"\n', intervalMs: 1 },
  { body: '-dedup.minScrapeInterval="1m0s"\n', intervalMs: 60_000 },
  { body: '-httpListenAddr=":8428"\n', intervalMs: 0 },
  { body: '<html>', intervalMs: undefined },
])('flags $body: a dedup interval of $intervalMs ms', async ({ body, intervalMs }) => {
  const paths = { 'GET /flags': { body } }
  expect(await withStore(paths, (http, url) => readDedupInterval(http, `${url}/api/v1/write`))).toBe(intervalMs)
})

test('a store without flags has no known dedup interval', async () => {
  expect(await withStore({}, readDedupInterval)).toBeUndefined()
})
