import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, onTestFinished, test, vi } from 'vitest'
import { fakeApi } from '../fakes/fake-api.ts'

/** As users run it: the built program in a process of its own. */
const cli = join(import.meta.dirname, '../../dist/scheduler/cli.js')
if (!existsSync(cli)) throw new Error('dist is missing: npm run build')
const app = await fakeApi()
const AT_API = await app.listen({ port: 0, host: '127.0.0.1' })
afterAll(() => app.close())

function run(args: readonly string[], stdin = '', environment: Record<string, string> = { AT_API }) {
  return new Promise<{ exitCode: number | string | null; out: string; err: string }>((resolve) => {
    const env = { PATH: process.env.PATH ?? '', ...environment }
    const child = execFile(process.execPath, [cli, ...args], { env }, (error, out, err) =>
      resolve({ exitCode: error ? (error.code ?? null) : 0, out, err }),
    )
    child.stdin?.end(stdin)
  })
}

test('a pipe into apply, then the status of the platform', async () => {
  expect(await run(['mission', 'apply', '-f', '-'], 'id: cpu\nquery: up\n')).toMatchObject({
    ...{ exitCode: 0, err: '', out: expect.stringMatching(/^created +cpu +stdin:1$/m) },
  })
  const [mission, status] = await Promise.all([run(['mission', 'get', 'cpu', '-o', 'yaml']), run(['status'])])
  expect(mission).toEqual({ exitCode: 0, err: '', out: 'id: cpu\nquery: up\n' })
  expect(status.exitCode).toBe(2)
})

test('help and mistakes go to the right stream, with the right exit code', async () => {
  const [nothing, version, checked] = await Promise.all([
    run([]),
    run(['--version']),
    run(['scheduler', '--check-config'], '', { AT_LISTEN: '0.0.0.0:80' }),
  ])
  expect(nothing).toMatchObject({ exitCode: 2, out: '', err: expect.stringContaining('Usage: anomaly-times') })
  expect(version).toMatchObject({ exitCode: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
  expect(checked).toMatchObject({
    ...{
      exitCode: 1,
      out: '',
      err: expect.stringContaining('listen (AT_LISTEN): 0.0.0.0:80 can be reached from outside'),
    },
  })
})

test('a reader that leaves early is no error', async () => {
  const child = spawn('sh', ['-c', `"${process.execPath}" "${cli}" --help | head -1; echo "$?"`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      text += chunk
    })
  }
  await new Promise((resolve) => child.once('close', resolve))
  expect(text.split('\n').slice(0, 2)).toEqual([expect.stringContaining('Anomaly Times'), '0'])
})

test('Ctrl-C while up still starts ends it in order, with its last word', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'up-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const nowhere = ['--redis', 'redis://127.0.0.1:1', '--store', 'http://127.0.0.1:1']
  const env = { PATH: process.env.PATH ?? '', AT_LISTEN: '127.0.0.1:0' }
  const child = spawn(process.execPath, [cli, 'up', '--dir', dir, ...nowhere], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let out = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  await vi.waitFor(() => expect(existsSync(join(dir, 'stack.json'))).toBe(true), { timeout: 20_000 })
  child.kill('SIGINT')
  expect(await ended).toBe(0)
  expect(out).toBe(`Stopped. The data stays in ${dir}\n`)
  expect(existsSync(join(dir, 'stack.json'))).toBe(false)
}, 60_000)
