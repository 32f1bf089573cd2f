import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { apiClient, localApi } from '../../../scheduler/cli/api-client.ts'
import { processIdentity } from '../../../scheduler/stack/process-identity.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'local-api-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function leaveStack(dir: string, api: string, identity = processIdentity(process.pid)) {
  mkdirSync(join(folder, dir), { recursive: true })
  const record = { owner: { pid: process.pid, identity }, children: [], urls: { api } }
  writeFileSync(join(folder, dir, 'stack.json'), JSON.stringify(record))
}

test('a stack that runs in the folder is found, up before demo', () => {
  expect(localApi(folder)).toBeUndefined()
  leaveStack('.anomaly-times/demo', 'http://127.0.0.1:2')
  expect(localApi(folder)).toBe('http://127.0.0.1:2')
  leaveStack('.anomaly-times', 'http://127.0.0.1:1')
  expect(localApi(folder)).toBe('http://127.0.0.1:1')
})

test('one that was killed is not', () => {
  leaveStack('.anomaly-times', 'http://127.0.0.1:1', 'an earlier process')
  expect(localApi(folder)).toBeUndefined()
})

test.each([
  { name: '--api', api: 'http://a:1', environment: { AT_API: 'http://b:2' }, url: 'http://a:1' },
  { name: 'AT_API', api: undefined, environment: { AT_API: 'http://b:2/' }, url: 'http://b:2' },
  { name: 'what runs here', api: undefined, environment: {}, url: 'http://127.0.0.1:3' },
])('$name decides', ({ api, environment, url }) => {
  leaveStack('.anomaly-times/demo', 'http://127.0.0.1:3')
  expect(apiClient({ api }, environment, folder).url).toBe(url)
})

test('without any of them it is the default address', () => {
  expect(apiClient({}, {}, folder).url).toBe('http://127.0.0.1:9490')
})
