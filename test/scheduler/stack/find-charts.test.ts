import { expect, onTestFinished, test } from 'vitest'
import { findCharts } from '../../../scheduler/stack/find-charts.ts'
import { localServer } from '../../fakes/local-server.ts'

test.each([
  { status: 200, has: true },
  { status: 404, has: false },
])('a store whose page answers $status', async ({ status, has }) => {
  const asked: (string | undefined)[] = []
  const store = await localServer(({ url }, response) => {
    asked.push(url)
    response.writeHead(status).end()
  })
  onTestFinished(() => store.close())
  expect(await findCharts(store.url)).toBe(has ? `${store.url}/vmui/` : undefined)
  expect(asked).toEqual(['/vmui/'])
})

test('no store, and one that does not answer, have none', async () => {
  expect(await findCharts(undefined)).toBeUndefined()
  expect(await findCharts('http://127.0.0.1:1')).toBeUndefined()
})
