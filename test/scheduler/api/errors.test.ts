import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { errorCodes } from '../../../models/errors.ts'
import { isTransient, meaningOf, problem, problemCodes, statusByCode } from '../../../scheduler/api/problems.ts'
import type { Api } from '../../../scheduler/api/types.ts'
import { type FakeApiOptions, fakeApi } from '../../fakes/fake-api.ts'
import { fakeMissionService } from '../../fakes/fake-mission-service.ts'

async function start(options: FakeApiOptions): Promise<Api> {
  const app = await fakeApi(options)
  onTestFinished(() => app.close())
  return app
}

/** Nothing of a refused request stays. */
const app = await fakeApi()
afterAll(() => app.close())

const json = { 'content-type': 'application/json' }
const url = '/api/v1/missions/cpu'

test('docs/errors.md and the table of codes agree', () => {
  const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `(\w+)` +\| (\d+) +\| (yes|no) +\| (.*?) +\|$/gm)].map(([, ...cells]) => cells)
  expect(rows).toEqual(
    problemCodes.map((code) => [code, `${statusByCode[code]}`, isTransient(code) ? 'yes' : 'no', meaningOf(code)]),
  )
  expect(problemCodes).toEqual(expect.arrayContaining(Object.keys(errorCodes)))
})

test.each([
  { what: 'no JSON', payload: '{"query": ', headers: json, status: 400, code: 'BODY_INVALID' },
  { what: 'nothing', payload: '', headers: json, status: 400, code: 'BODY_INVALID' },
  {
    what: 'a text',
    payload: 'query=up',
    headers: { 'content-type': 'text/plain' },
    status: 415,
    code: 'MEDIA_TYPE_UNSUPPORTED',
  },
  {
    what: 'a form',
    payload: 'query=up',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    status: 415,
    code: 'MEDIA_TYPE_UNSUPPORTED',
  },
  {
    what: '300 kB',
    payload: `{"query": "${'x'.repeat(300_000)}"}`,
    headers: json,
    status: 413,
    code: 'BODY_TOO_LARGE',
  },
  {
    what: '100,000 arrays in each other',
    payload: `{"query": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    headers: json,
    status: 422,
    code: 'INVALID_PARAMS',
  },
  {
    what: '__proto__',
    payload: '{"query": "up", "__proto__": {"admin": true}}',
    headers: json,
    status: 400,
    code: 'BODY_INVALID',
  },
  {
    what: 'constructor.prototype',
    payload: '{"query": "up", "constructor": {"prototype": {"admin": true}}}',
    headers: json,
    status: 400,
    code: 'BODY_INVALID',
  },
  { what: 'a list', payload: '[]', headers: json, status: 422, code: 'INVALID_PARAMS' },
  { what: 'null', payload: 'null', headers: json, status: 422, code: 'INVALID_PARAMS' },
  {
    what: 'a long query',
    payload: `{"query": "${'x'.repeat(20_000)}"}`,
    headers: json,
    status: 422,
    code: 'INVALID_PARAMS',
  },
  { what: 'another id', payload: '{"query": "up", "id": "mem"}', headers: json, status: 422, code: 'INVALID_PARAMS' },
  { what: 'what the store refuses', payload: '{"query": "bad("}', headers: json, status: 422, code: 'QUERY_REJECTED' },
])('a body of $what is refused with $status', async ({ payload, headers, status, code }) => {
  const answer = await app.inject({ method: 'PUT', url, payload, headers })
  expect(answer.headers['content-type']).toBe('application/problem+json')
  expect(problem.strict().parse(answer.json())).toMatchObject({
    ...{ status, code, instance: url, type: `/api/v1/errors#${code}`, requestId: answer.headers['x-request-id'] },
  })
  expect(answer.statusCode).toBe(status)
  expect(Object.prototype).not.toHaveProperty('admin')
})

test.each([
  { payload: '{"query": "up",\n "step" "5m"}', told: / in JSON at line 2, column 9$/ },
  { payload: '{"query": ', told: /: Unexpected end of JSON input$/ },
  { payload: '{"query": NaN}', told: /: Unexpected token 'N', .*"query": NaN/ },
])('of $payload it is told where it is no JSON', async ({ payload, told }) => {
  const answer = await app.inject({ method: 'PUT', url, payload, headers: json })
  expect(answer.json().detail).toMatch(/^the body is no JSON: /)
  expect(answer.json().detail).toMatch(told)
})

test('of a body with forbidden keys it is told that they are', async () => {
  const answer = await app.inject({ method: 'PUT', url, payload: '{"__proto__": {}}', headers: json })
  expect(answer.json().detail).toContain('has a key __proto__')
})

test('of a body that is too large the limit is told, and where larger ones are taken', async () => {
  const detailOf = async (method: 'PUT' | 'POST', path: string, bytes: number) => {
    const answer = await app.inject({ method, url: path, payload: `{"query": "${'x'.repeat(bytes)}"}`, headers: json })
    return answer.json().detail
  }
  expect(await detailOf('PUT', url, 300_000)).toBe('the body is larger than 256 KiB')
  expect(await detailOf('POST', '/api/v1/forecast', 2 ** 20)).toBe(
    'the body is larger than 1 MiB; POST /api/v1/forecast-jobs takes 16 MiB',
  )
})

test('a body without its content-type is told what to send', async () => {
  const answer = await app.inject({
    method: 'PUT',
    url,
    payload: 'query=up',
    headers: { 'content-type': 'text/plain' },
  })
  expect(answer.json().detail).toBe('send JSON with the header content-type: application/json, not text/plain')
})

test('everything that does not fit is named at once, with a hint', async () => {
  const payload = { qeury: 'up', step: '5 minutes', forecast: { every: '1h', evry: 1 }, labels: { 'a/b': 'x' } }
  const answer = await app.inject({ method: 'PUT', url, payload })
  expect(answer.json().errors).toEqual([
    { pointer: '/query', detail: 'is missing' },
    { pointer: '/step', detail: expect.stringContaining('write a duration') },
    { pointer: '/labels/a~1b', detail: 'not as a name: use the Prometheus label grammar, without __ at its beginning' },
    { pointer: '/forecast/evry', detail: 'no such field; did you mean "every"?' },
    { pointer: '/qeury', detail: 'no such field; did you mean "query"?' },
  ])
})

test.each([
  { path: '/api/v1/missions/UPPER', status: 422 },
  { path: '/api/v1/missions?limit=0', status: 422 },
  { path: '/api/v1/missions?limit=2000', status: 422 },
  { path: '/api/v1/missions?lmit=5', status: 422 },
  { path: '/api/v1/nothing', status: 404 },
  { path: '/nothing', status: 404 },
  { path: '/api/v1/missions/%ff', status: 400 },
  { path: `/api/v1/missions/${'a'.repeat(400)}`, status: 400 },
])('$path answers $status', async ({ path, status }) => {
  const answer = await app.inject(path)
  expect(answer.statusCode).toBe(status)
  expect(answer.headers['content-type']).toBe('application/problem+json')
})

test('a defect tells the caller nothing but the id to look for, and the log everything', async () => {
  const logLines: string[] = []
  const missions = { ...fakeMissionService(), list: () => Promise.reject(new TypeError('secret detail')) }
  const answer = await (await start({ missions, logLines })).inject('/api/v1/missions')
  expect(answer.statusCode).toBe(500)
  expect(answer.body).not.toContain('secret detail')
  const line = logLines.map((text) => JSON.parse(text)).find(({ err }) => err)
  expect(line).toMatchObject({ requestId: answer.json().requestId, err: { message: 'secret detail' } })
})

test('a Redis that is away is 503 and may be tried again', async () => {
  const away = new Error("Stream isn't writeable and enableOfflineQueue options is false")
  const missions = { ...fakeMissionService(), get: () => Promise.reject(away) }
  const answer = await (await start({ missions })).inject(url)
  expect(answer.statusCode).toBe(503)
  expect(answer.headers['retry-after']).toBe('1')
  expect(answer.json()).toMatchObject({ code: 'REDIS_UNAVAILABLE', retryAfterMs: 1_000 })
})

test.each([
  { given: 'trace-7.a_b', kept: true },
  { given: 'a b', kept: false },
  { given: 'x'.repeat(65), kept: false },
])('request id "$given" is kept: $kept', async ({ given, kept }) => {
  const answer = await app.inject({ url: '/nothing', headers: { 'x-request-id': given } })
  expect(answer.json().requestId === given).toBe(kept)
  expect(answer.headers['x-request-id']).toBe(answer.json().requestId)
})

test('bytes that are no HTTP get a 400 and harm nobody', async () => {
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const answer = await new Promise<string>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('\u0016\u0003\u0001 hello\r\n\r\n'))
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.on('close', () => resolve(text))
  })
  expect(answer).toContain('400 Bad Request')
  expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200)
})
