import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { processIdentity } from '../../scheduler/stack/process-identity.ts'
import type { ProcessEvent } from '../../scheduler/stack/processes.ts'
import { type Stack, type StackOptions, startStack } from '../../scheduler/stack/stack.ts'

const cliPath = resolve('test/fixtures/stand-in-cli.mjs')
const own = ['scheduler', 'worker-forecast', 'worker-detect']
let dir: string
let stack: Stack | undefined
let events: ProcessEvent[]

beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'stack-')))
  events = []
})

afterEach(async () => {
  await stack?.stop()
  stack = undefined
  rmSync(dir, { recursive: true, force: true })
})

const start = async (options: Partial<StackOptions> = {}) => {
  stack = await startStack({ dir, cliPath, onEvent: (event) => events.push(event), ...options })
  return stack
}
const started = () => events.flatMap((event) => (event.what === 'started' ? [event] : []))
const alive = () => started().filter(({ pid }) => processIdentity(pid) !== undefined)

async function ask(url: string): Promise<{ args: string[]; settings: Record<string, string>; workingDir: string }> {
  return (await (await fetch(url)).json()) as never
}

test('starts servers, then what needs them, and stops all of it', async () => {
  const prepare = vi.fn(async () => expect(started().map(({ name }) => name)).not.toContain('scheduler'))
  const { urls, stop } = await start({ prepare, workingDir: dir, environment: { AT_LOG_LEVEL: 'warn' } })
  expect(prepare).toHaveBeenCalledWith(urls)
  expect(
    started()
      .slice(0, 2)
      .map(({ name }) => name),
  ).toEqual(['redis-server', 'victoria-metrics'])
  const { args, settings, workingDir } = await ask(urls.api)
  expect({ args, workingDir }).toEqual({ args: ['scheduler'], workingDir: dir })
  expect(settings).toMatchObject({
    AT_LOG_LEVEL: 'warn',
    AT_REDIS_URL: urls.redis,
    AT_LISTEN: urls.api.slice('http://'.length),
    AT_STATE_DIR: join(dir, 'state'),
  })
  expect(JSON.parse(settings.AT_DATASOURCES ?? '')).toEqual([
    { name: 'local', kind: 'victoriametrics', readUrl: urls.store, evalDelay: '5s' },
  ])
  await stop()
  expect(alive()).toEqual([])
})

test('the store scrapes itself and our processes under names that outlive their ports', async () => {
  const { urls } = await start()
  let polls = 0
  const scraped = async () => {
    // VictoriaMetrics remembers for ten seconds which series a selector found: each poll has one of its own
    const query = new URLSearchParams({ query: `up{poll!="${polls++}"} == 1` })
    const answer = (await (await fetch(`${urls.store}/api/v1/query?${query}`)).json()) as {
      data: { result: { metric: Record<string, string> }[] }
    }
    return answer.data.result.map(({ metric }) => `${metric.job}/${metric.instance}`).sort()
  }
  const expected = ['victoria-metrics/victoria-metrics', ...own.map((name) => `anomaly-times/${name}`)]
  await vi.waitFor(async () => expect(await scraped()).toEqual(expect.arrayContaining(expected)), {
    timeout: 20_000,
    interval: 500,
  })
})

test('a worker that is killed is started again at the same address', async () => {
  const running = await start()
  const pid = running.pid('worker-detect') ?? Number.NaN
  process.kill(pid, 'SIGKILL')
  const another = () => ![undefined, pid].includes(running.pid('worker-detect'))
  await vi.waitFor(() => expect(another()).toBe(true), 10_000)
})

test('a worker that does not answer any more is started again, and no other', async () => {
  const running = await start({ liveness: { everyMs: 20, patience: 1 } })
  const pids = own.map((name) => running.pid(name))
  const deaf = running.pid('worker-detect') ?? Number.NaN
  process.kill(deaf, 'SIGSTOP')
  const another = () => ![undefined, deaf].includes(running.pid('worker-detect'))
  await vi.waitFor(() => expect(another()).toBe(true), 30_000)
  expect(own.map((name) => running.pid(name)).slice(0, 2)).toEqual(pids.slice(0, 2))
  expect(events).toContainEqual({ what: 'died', name: 'worker-detect', why: 'it did not answer', restartInMs: 500 })
}, 60_000)

test('a folder in use is refused, and what was written stays for the next start, at the same addresses', async () => {
  const first = await start()
  await expect(startStack({ dir, cliPath })).rejects.toMatchObject({ code: 'CONFLICT' })
  await command(first.urls.redis ?? '', 'SET kept yes')
  await first.stop()
  const second = await start()
  expect(second.urls).toEqual(first.urls)
  expect(await command(second.urls.redis ?? '', 'GET kept')).toContain('yes')
})

test('when one of them does not start, nothing is left, and the error says which and where its log is', async () => {
  const failing = start({ environment: { FAIL: 'worker' } })
  await expect(failing).rejects.toThrow(/worker-\w+ ended at its start \(exit code 3\); see .*worker-\w+\.log/)
  await vi.waitFor(() => expect(alive()).toEqual([]))
})

test('an abort during the start stops it', async () => {
  const ending = new AbortController()
  await expect(start({ signal: ending.signal, prepare: async () => ending.abort() })).rejects.toThrow('aborted')
  await vi.waitFor(() => expect(alive()).toEqual([]))
})

test('servers that run already or are configured are not started', async () => {
  const { urls, scrapes } = await start({ redis: { url: 'redis://127.0.0.1:1' }, store: 'configured' })
  expect(
    started()
      .map(({ name }) => name)
      .sort(),
  ).toEqual([...own].sort())
  expect({ scrapes, ...urls }).toEqual({ scrapes: false, api: urls.api, redis: 'redis://127.0.0.1:1' })
  expect((await ask(urls.api)).settings).not.toHaveProperty('AT_DATASOURCES')
})

test('a port that somebody listens on is refused', async () => {
  const other = createServer()
  await new Promise<void>((listening) => other.listen(0, '127.0.0.1', listening))
  const { port } = other.address() as { port: number }
  await expect(start({ listen: `127.0.0.1:${port}` })).rejects.toThrow(`port ${port} is taken`)
  other.close()
  expect(started()).toEqual([])
  expect(() => readFileSync(join(dir, 'stack.json'))).toThrow('ENOENT')
})

/** One inline command, without a client library. */
async function command(redisUrl: string, text: string): Promise<string> {
  const { hostname, port } = new URL(redisUrl)
  const socket = connect(Number(port), hostname)
  socket.end(`${text}\r\nQUIT\r\n`)
  let reply = ''
  for await (const chunk of socket) reply += chunk
  return reply
}
