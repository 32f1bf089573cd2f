import { expect, onTestFinished, test } from 'vitest'
import { apiClient } from '../../../scheduler/cli/api-client.ts'
import { readStackOptions } from '../../../scheduler/cli/stack-options.ts'
import { configured, describeStack, storeWarnings } from '../../../scheduler/cli/up.ts'
import { loadConfig } from '../../../scheduler/config.ts'
import { fakeApi } from '../../fakes/fake-api.ts'

const none = { dir: undefined, port: undefined, 'store-port': undefined, redis: undefined, store: undefined }

test.each([
  { name: 'nothing', environment: {}, servers: { redis: 'own', store: 'own' } },
  { name: 'a Redis', environment: { AT_REDIS_URL: 'redis://one' }, servers: { redis: 'configured', store: 'own' } },
  {
    name: 'a datasource',
    environment: { AT_DATASOURCES__0__NAME: 'main', AT_DATASOURCES__0__READ_URL: 'http://vm:8428' },
    servers: { redis: 'own', store: 'configured' },
  },
])('with $name configured only the rest is started', ({ environment, servers }) => {
  expect(configured(loadConfig({ environment }))).toEqual({ listen: '127.0.0.1:9490', ...servers })
})

test('options name servers that run already, and the port of the API', () => {
  const given = { dir: 'data', port: '9000', redis: 'rediss://r:6380', store: 'http://vm:8428/' }
  expect(readStackOptions('up', { ...none, ...given })).toEqual({
    dir: 'data',
    listen: '127.0.0.1:9000',
    redis: { url: 'rediss://r:6380' },
    store: { url: 'http://vm:8428' },
  })
  expect(readStackOptions('up', { ...none, 'store-port': '20428' })).toMatchObject({ storePort: 20_428 })
})

test('the demo and up have data of their own', () => {
  expect(readStackOptions('up', none)).toEqual({ dir: '.anomaly-times' })
  expect(readStackOptions('demo', none)).toEqual({ dir: '.anomaly-times/demo' })
})

test.each([
  { name: 'a port out of range', given: { port: '65536' }, says: '--port 65536: write a number from 1 to 65535' },
  { name: 'a port that is no number', given: { port: 'http' }, says: '--port http' },
  { name: 'a port of no store of ours', given: { store: 'http://v', 'store-port': '1' }, says: 'not both' },
  { name: 'no URL', given: { redis: 'localhost' }, says: '--redis localhost: write a URL such as redis://HOST:PORT' },
  { name: 'another scheme', given: { store: 'redis://vm' }, says: '--store redis://vm: write a URL such as http://' },
])('$name is refused by name', ({ given, says }) => {
  expect(() => readStackOptions('up', { ...none, ...given })).toThrow(says)
})

test('the page of charts is told where the store has one', () => {
  const urls = { api: 'http://127.0.0.1:1', store: 'http://127.0.0.1:2' }
  const lines = ['  API    http://127.0.0.1:1', '  docs   http://127.0.0.1:1/docs', '  store  http://127.0.0.1:2']
  const [, ...none] = describeStack({ urls, charts: undefined }, 'data', 1_000)
  expect(none).toEqual(lines)
  const [, ...all] = describeStack({ urls, charts: 'http://127.0.0.1:2/vmui/' }, 'data', 1_000)
  expect(all).toEqual([...lines, '  charts http://127.0.0.1:2/vmui/'])
})

test.each([
  { name: 'well', findings: [], warnings: [] },
  {
    name: 'away',
    findings: [{ severity: 'error', detail: 'reading: ECONNREFUSED' } as const],
    warnings: ['warning: datasource main: auto; reading: ECONNREFUSED'],
  },
])('of a store that is $name: $warnings', async ({ findings, warnings }) => {
  const check = async () => ({ ok: findings.length === 0, findings })
  const list = () => [{ name: 'main', kind: 'auto', futureWrites: 'auto' }]
  const app = await fakeApi({ datasources: { list, check } })
  onTestFinished(() => app.close())
  const api = await app.listen({ port: 0, host: '127.0.0.1' })
  expect(await storeWarnings(apiClient({ api }, {}))).toEqual(warnings)
})

test('stores that cannot be checked are no reason to fail', async () => {
  const app = await fakeApi({ settings: { apiKeys: [{ name: 'ci', key: 'a-key-of-this-one', tenant: 'default' }] } })
  onTestFinished(() => app.close())
  const api = await app.listen({ port: 0, host: '127.0.0.1' })
  expect(await storeWarnings(apiClient({ api }, {}))).toEqual([expect.stringContaining('could not be checked')])
})
