import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import type { RedisSettings } from '../../scheduler/config.ts'
import { connectRedis, type RedisConnections } from '../../scheduler/redis/redis.ts'
import { checkRedis } from '../../scheduler/redis/redis-check.ts'
import { freePort, type Server, startRedis } from '../../scheduler/stack/servers.ts'

const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'at-redis-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

async function start(extraArgs: readonly string[] = [], dir = tempDir(), port?: number): Promise<Server> {
  const server = await startRedis({ dir, extraArgs, ...(port !== undefined && { port }) })
  stops.push(() => server.stop())
  return server
}

/** The launcher asks for a PONG without a password, so that is set once it runs. */
async function startWithPassword(password: string): Promise<Server> {
  const server = await start()
  await (await connect({ url: server.url })).control.config('SET', 'requirepass', password)
  return server
}

async function connect(settings: RedisSettings): Promise<RedisConnections> {
  const connections = await connectRedis(settings, { onError: () => undefined, waitMs: 3_000 })
  stops.push(() => connections.close())
  return connections
}

test('our own Redis passes the check', async () => {
  const { url } = await start()
  const { control, data } = await connect({ url })
  expect(data).toBe(control)
  expect(await checkRedis(control)).toMatchObject({ problems: [], warnings: [] })
})

test('a Redis that evicts and keeps no file is told apart', async () => {
  const { url } = await start(['--maxmemory-policy', 'allkeys-lru', '--appendonly', 'no'])
  const report = await checkRedis((await connect({ url })).control)
  expect(report.problems).toEqual([expect.stringContaining('allkeys-lru')])
  expect(report.warnings).toEqual([expect.stringContaining('appendonly')])
})

test('two targets with passwords of their own', async () => {
  const control = await start()
  const other = await startWithPassword('second')
  const connections = await connect({ url: control.url, dataUrl: other.url, dataPassword: 'second' })
  await connections.data.set('where', 'data')
  expect(await connections.control.get('where')).toBeNull()
})

test('a wrong password is named', async () => {
  const { url } = await startWithPassword('right')
  await expect(
    connectRedis({ url, password: 'wrong' }, { onError: () => undefined, waitMs: 500 }),
  ).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE', message: expect.stringMatching(/WRONGPASS|NOAUTH/) })
})

test('nobody there is named with the address', async () => {
  const port = await freePort()
  await expect(
    connectRedis({ url: `redis://127.0.0.1:${port}` }, { onError: () => undefined, waitMs: 300 }),
  ).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE', message: expect.stringContaining(`127.0.0.1:${port}`) })
})

test('a producer fails while Redis is away and works again after it is back', async () => {
  const dir = tempDir()
  const first = await start([], dir)
  const { control } = await connect({ url: first.url })
  await control.set('kept', '1')
  await first.stop()
  await expect(control.get('kept')).rejects.toThrow()
  const back = new Promise((resolve) => control.once('ready', resolve))
  await start([], dir, first.port)
  await back
  expect(await control.get('kept')).toBe('1')
})

test('TLS with a CA and a client certificate of our own', async () => {
  const dir = tempDir()
  const files = makeCertificates(dir)
  const tlsPort = await freePort()
  await start([
    ...['--tls-port', `${tlsPort}`, '--tls-cert-file', files.cert, '--tls-key-file', files.key],
    ...['--tls-ca-cert-file', files.cert, '--tls-auth-clients', 'yes'],
  ])
  const url = `rediss://localhost:${tlsPort}`
  const pem = { ca: readFileSync(files.cert, 'utf8'), cert: readFileSync(files.cert, 'utf8') }
  const tls = { ...pem, key: readFileSync(files.key, 'utf8'), insecureSkipVerify: false }
  expect(await (await connect({ url, tls })).control.ping()).toBe('PONG')
  await expect(connectRedis({ url }, { onError: () => undefined, waitMs: 500 })).rejects.toMatchObject({
    message: expect.stringContaining('self-signed certificate'),
  })
})

/** One self-signed certificate serves as CA, server and client. */
function makeCertificates(dir: string): { cert: string; key: string } {
  const files = { cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem') }
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
      ...['-addext', 'subjectAltName=DNS:localhost', '-keyout', files.key, '-out', files.cert],
    ],
    { stdio: 'ignore' },
  )
  return files
}
