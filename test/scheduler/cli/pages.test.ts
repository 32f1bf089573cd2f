import { expect, test } from 'vitest'
import type { ApiRequest } from '../../../scheduler/cli/api-client.ts'
import { allPages } from '../../../scheduler/cli/pages.ts'

const things = Array.from({ length: 1_100 }, (_, id) => ({ id, unknownField: true }))

function client() {
  const asked: ApiRequest['query'][] = []
  return {
    asked,
    url: 'http://127.0.0.1:1',
    async call({ query = {} }: ApiRequest) {
      asked.push(query)
      const from = Number(query.cursor ?? 0)
      const end = from + Number(query.limit)
      return { things: things.slice(from, end), ...(end < things.length && { cursor: `${end}` }) }
    },
  }
}

test('every page is read, fields that this client does not know are kept', async () => {
  const api = client()
  expect(await allPages(api, { path: '/things', field: 'things', query: { state: 'active' } })).toEqual(things)
  expect(api.asked.map((query) => query?.cursor)).toEqual([undefined, '500', '1000'])
  expect(api.asked[2]).toMatchObject({ state: 'active' })
})

test('no more is read than was asked for', async () => {
  const api = client()
  expect(await allPages(api, { path: '/things', field: 'things', limit: 510 })).toHaveLength(510)
  expect(api.asked.map((query) => query?.limit)).toEqual(['500', '10'])
})

test('an answer of another kind is refused', async () => {
  await expect(allPages({ url: '', call: async () => ({}) }, { path: '/things', field: 'things' })).rejects.toThrow(
    'things',
  )
})
