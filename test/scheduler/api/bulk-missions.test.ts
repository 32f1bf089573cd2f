import { expect, onTestFinished, test } from 'vitest'
import { fakeApi } from '../../fakes/fake-api.ts'

async function start() {
  const app = await fakeApi()
  onTestFinished(() => app.close())
  return (payload: string, type = 'application/x-ndjson', query = '') =>
    app.inject({
      ...{ method: 'POST', url: `/api/v1/bulk/missions/apply${query}` },
      ...{ payload, headers: { 'content-type': type } },
    })
}

const two = [
  ['application/x-ndjson', '{"id": "a", "query": "up"}\n{"id": "b", "query": "up"}'],
  ['application/json', '[{"id": "a", "query": "up"}, {"id": "b", "query": "up"}]'],
  ['application/yaml', 'id: a\nquery: up\n---\nid: b\nquery: up\n'],
  ['application/json; charset=utf-8', '[{"id": "a", "query": "up"}, {"id": "b", "query": "up"}]'],
] as const

test.each(two)('%s is read', async (type, body) => {
  const answer = await (await start())(body, type)
  expect(answer.json()).toMatchObject({ summary: { created: 2 }, dryRun: false, items: [{ id: 'a' }, { id: 'b' }] })
})

test('lines that cannot be read are answered in their place', async () => {
  const { items } = (await (await start())('{"id": "a", "query": "up"}\n{"id": }')).json()
  expect(items).toMatchObject([
    { outcome: 'created', origin: 'body:1' },
    { outcome: 'failed', origin: 'body:2', errors: [{ detail: expect.stringContaining('no JSON') }] },
  ])
})

test('owner, prune and dryRun are asked for in the query string', async () => {
  const apply = await start()
  await apply('{"id": "a", "query": "up"}\n{"id": "b", "query": "up"}', undefined, '?owner=team')
  const body = '[{"id": "a", "query": "down"}]'
  const dry = await apply(body, 'application/json', '?owner=team&prune=true&dryRun=true')
  expect(dry.json()).toMatchObject({ summary: { updated: 1, pruned: 1 }, dryRun: true })
  expect((await apply(body, 'application/json', '?prune=true')).statusCode).toBe(422)
  expect((await apply(body, 'application/json', '?owner=team&prune=true')).json().summary).toEqual(dry.json().summary)
})

test.each([
  ['another type', 'id: a', 'text/plain', 415],
  ['too many', '{"id": "a", "query": "up"}\n'.repeat(5_001), 'application/x-ndjson', 422],
  ['too much', ' '.repeat(8 * 2 ** 20 + 1), 'application/x-ndjson', 413],
])('%s is refused', async (_, body, type, status) => {
  expect((await (await start())(body, type)).statusCode).toBe(status)
})

const letters = 'abcdefghijklmnopqrstuvwxyzABCDE'
const bombs = [...letters]
  .map((name, i) => `${name}: &${name} [${i === 0 ? 'x' : `*${letters[i - 1]}, *a`}]`)
  .join('\n')

test.each([
  ['aliases within aliases', bombs, 'application/yaml'],
  ['brackets in brackets', '['.repeat(100_000), 'application/yaml'],
  ['brackets in brackets of JSON', '['.repeat(4_000_000), 'application/json'],
  ['brackets in brackets of NDJSON', '['.repeat(4_000_000), 'application/x-ndjson'],
  ['much YAML', `# ${'x'.repeat(2 ** 18)}`, 'application/yaml'],
  ['millions of empty documents', '{}\n'.repeat(2_600_000), 'application/x-ndjson'],
  ['quotes and escapes', `["${'\\\\'.repeat(1_000)}", ${'['.repeat(1_000)}`, 'application/json'],
  [
    'prototype keys',
    '{"__proto__": {"x": 1}, "id": "a", "query": "up"}\n{"constructor": {"prototype": {"x": 1}}, "id": "b", "query": "up"}',
    'application/x-ndjson',
  ],
  ['a file of ours', 'id: a\nquery: up\ncovariates: {holidays: {icalFile: /etc/passwd}}', 'application/yaml'],
])('%s are refused, or nothing of them is taken', async (_, body, type) => {
  const answer = await (await start())(body, type)
  expect([200, 422]).toContain(answer.statusCode)
  if (answer.statusCode === 200) expect(Object.keys(answer.json().summary)).toEqual(['failed'])
  expect(Object.prototype).not.toHaveProperty('x')
  expect(answer.body).not.toContain('root:')
})

test('brackets within quotes are no depth', async () => {
  const query = `'${'['.repeat(100)}'`
  const answer = await (await start())(`id: a\nquery: "up{x=~${query}}"`, 'application/yaml')
  expect(answer.json().summary).toEqual({ created: 1 })
})

test('prune without a document would delete everything: it is refused', async () => {
  const apply = await start()
  await apply('{"id": "a", "query": "up"}', undefined, '?owner=team')
  for (const [body, type] of [
    ['', 'application/x-ndjson'],
    ['[]', 'application/json'],
    ['# none', 'application/yaml'],
  ])
    expect((await apply(body ?? '', type, '?owner=team&prune=true')).statusCode).toBeGreaterThanOrEqual(400)
  expect((await apply('{"id": "a", "query": "up"}', undefined, '?owner=team')).json().summary).toEqual({ unchanged: 1 })
})
