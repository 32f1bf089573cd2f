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

test.each([
  [
    'aliases within aliases',
    `a: &a [x]\n${Array.from({ length: 30 }, (_, i) => `${'bcdefghijklmnopqrstuvwxyzABCDE'[i]}: &${'bcdefghijklmnopqrstuvwxyzABCDE'[i]} [*${i === 0 ? 'a' : 'bcdefghijklmnopqrstuvwxyzABCDE'[i - 1]}, *a]`).join('\n')}`,
  ],
  ['depth', `${'['.repeat(10_000)}${']'.repeat(10_000)}`],
  [
    'prototype keys',
    '{"__proto__": {"x": 1}, "id": "a", "query": "up"}\n{"constructor": {"prototype": {"x": 1}}, "id": "b", "query": "up"}',
  ],
  ['a file of ours', 'id: a\nquery: up\ncovariates: {holidays: {icalFile: /etc/passwd}}'],
])('%s cannot harm', async (_, body) => {
  const answer = await (await start())(body, 'application/yaml')
  expect([200, 422, 400]).toContain(answer.statusCode)
  if (answer.statusCode === 200) expect(Object.keys(answer.json().summary)).toEqual(['failed'])
  expect(Object.prototype).not.toHaveProperty('x')
  expect(answer.body).not.toContain('root:')
})
