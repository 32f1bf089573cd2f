import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { z } from 'zod'
import { datasourceConfig, resolveDatasource } from '../../../tasks/prometheus/datasource.ts'

const dir = mkdtempSync(join(tmpdir(), 'anomaly-times-datasource-'))
afterAll(() => rmSync(dir, { recursive: true }))

type Input = z.input<typeof datasourceConfig>
const resolve = (input: Partial<Input>) =>
  resolveDatasource(datasourceConfig.parse({ name: 'main', readUrl: 'http://store:9090', ...input }))

test('name and read URL make a whole datasource', () => {
  expect(resolve({ readUrl: 'http://store:9090/' })).toEqual({
    name: 'main',
    kind: 'auto',
    readUrl: 'http://store:9090',
    writeUrl: 'http://store:9090/api/v1/write',
    headers: {},
    tls: undefined,
    timeoutMs: 30_000,
    maxPoints: 11_000,
    maxSeries: 10_000,
    evalDelayMs: 30_000,
    futureWrites: 'auto',
    enforcedMatchers: [],
    tenantMatchers: {},
    requestSlots: 4,
  })
})

test.each([
  { kind: 'victoriametrics', readUrl: 'http://vm:8428', writeUrl: 'http://vm:8428/api/v1/write' },
  { kind: 'prometheus', readUrl: 'http://p:9090/prom/', writeUrl: 'http://p:9090/prom/api/v1/write' },
  { kind: 'mimir', readUrl: 'http://m/prometheus', writeUrl: 'http://m/api/v1/push' },
  { kind: 'cortex', readUrl: 'http://c/api/prom', writeUrl: 'http://c/api/v1/push' },
] as const)('$kind at $readUrl writes to $writeUrl', ({ kind, readUrl, writeUrl }) => {
  expect(resolve({ kind, readUrl }).writeUrl).toBe(writeUrl)
})

test('VictoriaMetrics takes 30,000 points at once', () => {
  expect(resolve({ kind: 'victoriametrics' }).maxPoints).toBe(30_000)
})

test('secrets come from files, without the newline at their end', () => {
  const passwordFile = join(dir, 'password')
  writeFileSync(passwordFile, 'p:w d\n')
  expect(resolve({ basic: { username: 'u', passwordFile } }).headers).toEqual({
    authorization: `Basic ${Buffer.from('u:p:w d').toString('base64')}`,
  })
  expect(resolve({ bearerFile: passwordFile }).headers).toEqual({ authorization: 'Bearer p:w d' })
})

test('tenant and own headers are sent beside the token', () => {
  expect(resolve({ bearer: 't', tenant: { id: 'a' }, headers: { 'X-Route': 'eu' } }).headers).toEqual({
    authorization: 'Bearer t',
    'X-Scope-OrgID': 'a',
    'X-Route': 'eu',
  })
})

test('certificates are read', () => {
  const caFile = join(dir, 'ca.pem')
  writeFileSync(caFile, 'PEM\n')
  expect(resolve({ tls: { caFile } }).tls).toEqual({ ca: 'PEM', insecureSkipVerify: false })
})

test.each([
  { field: 'bearerFile', input: { bearerFile: '/nowhere/token' } },
  { field: 'tls.keyFile', input: { tls: { certFile: import.meta.filename, keyFile: '/nowhere/key' } } },
])('a missing file is an error that names $field', ({ field, input }) => {
  expect(() => resolve(input)).toThrow(
    expect.objectContaining({
      code: 'INVALID_CONFIG',
      message: expect.stringMatching(`datasource main: ${field}: cannot read /nowhere/`),
    }),
  )
})

test('an empty secret is an error', () => {
  const bearerFile = join(dir, 'empty')
  writeFileSync(bearerFile, '\n')
  expect(() => resolve({ bearerFile })).toThrow('is empty')
})

test.each<{ name: string; input: Record<string, unknown>; path: string }>([
  { name: 'unknown field', input: { url: 'http://x' }, path: '' },
  { name: 'no http URL', input: { readUrl: 'ftp://x' }, path: 'readUrl' },
  { name: 'password in the URL', input: { readUrl: 'http://u:p@x' }, path: 'readUrl' },
  { name: 'query in the URL', input: { readUrl: 'http://x?a=1' }, path: 'readUrl' },
  { name: 'two authorizations', input: { bearer: 't', basic: { username: 'u', password: 'p' } }, path: '' },
  { name: 'no password', input: { basic: { username: 'u' } }, path: 'basic' },
  { name: 'certificate without key', input: { tls: { certFile: 'a' } }, path: 'tls' },
  { name: 'reserved header', input: { headers: { Authorization: 'x' } }, path: 'headers' },
  { name: 'header with a line break', input: { headers: { a: 'x\r\nb: y' } }, path: 'headers.a' },
  { name: 'no duration', input: { timeout: '30' }, path: 'timeout' },
  {
    name: 'matchers of a tenant that may not name it',
    input: { tenants: ['a'], tenantMatchers: { b: ['ns="b"'] } },
    path: 'tenantMatchers',
  },
  { name: 'no matcher of a tenant', input: { tenantMatchers: { b: ['ns=b'] } }, path: 'tenantMatchers.b.0' },
  { name: 'no matcher', input: { enforcedMatchers: ['namespace=shop'] }, path: 'enforcedMatchers.0' },
  { name: 'vmselect without writeUrl', input: { readUrl: 'http://s:8481/select/0/prometheus' }, path: 'writeUrl' },
  { name: 'Thanos without writeUrl', input: { kind: 'thanos' }, path: 'writeUrl' },
])('$name is refused at $path', ({ input, path }) => {
  const parsed = datasourceConfig.safeParse({ name: 'main', readUrl: 'http://store', ...input })
  expect(parsed.error?.issues.map((issue) => issue.path.join('.'))).toEqual([path])
})

test.each([
  { written: {}, reachMs: undefined },
  { written: { backfill: 'none' }, reachMs: 0 },
  { written: { backfill: 'any' }, reachMs: Number.POSITIVE_INFINITY },
  { written: { backfill: 'window', backfillWindow: '2h' }, reachMs: 7_200_000 },
] as const)('$written: samples of the last $reachMs ms', ({ written, reachMs }) => {
  expect(resolve(written).backfillReachMs).toBe(reachMs)
})

test.each([{ backfill: 'window' }, { backfill: 'any', backfillWindow: '2h' }, { backfillWindow: '2h' }] as const)(
  '%j is half a setting',
  (written) => {
    expect(() => resolve(written)).toThrow('backfill: window and backfillWindow belong together')
  },
)
