import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Config, configSchema } from '../../scheduler/config/schema.ts'
import { runScheduler, runWorker } from '../../scheduler/main.ts'
import { runProcess } from '../../scheduler/process/open-process.ts'
import { freePort } from '../../scheduler/stack/servers.ts'
import { realRedis } from './real-redis.ts'
import { buildDist } from './worker-process.ts'

const real = realRedis()
const holder = createServer()
let taken: string
beforeAll(async () => {
  await buildDist()
  const port = await freePort()
  await new Promise<void>((listening) => holder.listen(port, '127.0.0.1', listening))
  taken = `127.0.0.1:${port}`
})
afterAll(() => void holder.close())

const processes = [
  { name: 'a scheduler', run: runScheduler },
  { name: 'a worker', run: (config: Config, signal: AbortSignal) => runWorker(config, 'detect', signal) },
]
const configured = (listen = '127.0.0.1:0') =>
  configSchema.parse({ listen, worker: { listen }, redis: { url: real.url }, log: { level: 'silent' } })

/** Connections beside the one of this test. */
const connections = async () => ((await real.redis.client('LIST')) as string).trim().split('\n').length - 1
const allClosed = () => vi.waitFor(async () => expect(await connections()).toBe(0))
const announced = () => real.redis.hlen('{at}:processes')

test.each(processes)('$name that is told to end closes everything that it opened', async ({ run }) => {
  const ending = new AbortController()
  const ended = run(configured(), ending.signal)
  await vi.waitFor(async () => expect(await announced()).toBe(1), 10_000)
  expect(await connections()).toBeGreaterThan(0)
  ending.abort()
  await ended
  expect(await announced()).toBe(0)
  await allClosed()
})

test.each(processes)('$name that cannot listen closes what was open by then', async ({ run }) => {
  const failed = run(configured(taken), new AbortController().signal)
  await expect(failed).rejects.toMatchObject({ code: 'INVALID_CONFIG' })
  expect(await announced()).toBe(0)
  await allClosed()
})

test('one part that throws and one that hangs keep no other open', async () => {
  const ended = runProcess(configured(), 'detect', async ({ announce, closers }) => {
    await announce('http://here')
    closers.add('jammed', 1, () => Promise.reject(new Error('jammed')))
    closers.add('stuck', 2, () => new Promise(() => undefined), 10)
    expect(await announced()).toBe(1)
  })
  await expect(ended).rejects.toMatchObject({ code: 'INTERNAL', message: 'could not be closed: stuck, jammed' })
  expect(await announced()).toBe(0)
  await allClosed()
})

test('an error of the work is the one that is told', async () => {
  const ended = runProcess(configured(), 'detect', async ({ closers }) => {
    closers.add('jammed', 1, () => Promise.reject(new Error('jammed')))
    throw new Error('out of order')
  })
  await expect(ended).rejects.toThrow('out of order')
  await allClosed()
})

test('the command ends with an exit code that says so', async () => {
  const child = spawn(process.execPath, [resolve('dist/scheduler/cli.js'), 'worker', '--pool', 'detect'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH, AT_REDIS_URL: real.url, AT_WORKER_LISTEN: taken, AT_DATASOURCES: '[]' },
  })
  const code = new Promise((exited) => child.once('exit', exited))
  expect(await text(child.stderr)).toContain(`error: cannot listen on ${taken}`)
  expect(await code).toBe(1)
})
