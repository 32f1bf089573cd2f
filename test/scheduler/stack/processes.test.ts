import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { ProcessSpec } from '../../../scheduler/stack/process.ts'
import { processIdentity } from '../../../scheduler/stack/process-identity.ts'
import { type ProcessEvent, type Supervisor, supervise } from '../../../scheduler/stack/processes.ts'

let folder: string
let supervisor: Supervisor
let events: ProcessEvent[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'processes-'))
  events = []
  supervisor = supervise({ onEvent: (event) => events.push(event), backoffMs: 10, maxBackoffMs: 40 })
})

afterEach(async () => {
  await supervisor.stop(1_000)
  rmSync(folder, { recursive: true, force: true })
})

/** A shell that is ready once it has written its file; it ends on SIGTERM. */
function shell(name: string, script = 'sleep 600'): ProcessSpec {
  const mark = join(folder, `${name}.ready`)
  return {
    name,
    command: '/bin/sh',
    args: ['-c', `${script} & echo $! > ${mark}; wait`],
    logFile: join(folder, `${name}.log`),
    ready: async () => existsSync(mark),
  }
}

const said = (what: ProcessEvent['what']) => events.filter((event) => event.what === what).map(({ name }) => name)
const pidOf = (name: string) => supervisor.pid(name) ?? Number.NaN

const isAlive = (pid: number) => processIdentity(pid) !== undefined

test('starts in order, stops in reverse order, and leaves nothing behind', async () => {
  for (const name of ['first', 'second', 'third']) await supervisor.start(shell(name))
  expect(said('ready')).toEqual(['first', 'second', 'third'])
  const sleepers = ['first', 'second', 'third'].map((name) =>
    Number(readFileSync(join(folder, `${name}.ready`), 'utf8')),
  )
  expect(sleepers.map(isAlive)).toEqual([true, true, true])
  await supervisor.stop()
  expect(said('stopped')).toEqual(['third', 'second', 'first'])
  // orphans are gone once init has reaped them
  await vi.waitFor(() => expect(sleepers.map(isAlive)).toEqual([false, false, false]))
  expect(said('died')).toEqual([])
})

test('a process that dies is started again, and what it had started does not live on', async () => {
  await supervisor.start(shell('worker'))
  const pid = pidOf('worker')
  const sleeper = Number(readFileSync(join(folder, 'worker.ready'), 'utf8'))
  process.kill(pid, 'SIGKILL')
  await vi.waitFor(() => expect(said('ready')).toEqual(['worker', 'worker']))
  expect(pidOf('worker')).not.toBe(pid)
  expect(events).toContainEqual({ what: 'died', name: 'worker', why: 'SIGKILL', restartInMs: 10 })
  await vi.waitFor(() => expect(isAlive(sleeper)).toBe(false))
})

test('waits longer each time while a process keeps dying', async () => {
  await supervisor.start(shell('worker', 'sleep 0.02'))
  const waits = () => events.flatMap((event) => (event.what === 'died' ? [event.restartInMs] : []))
  await vi.waitFor(() => expect(waits().slice(0, 4)).toEqual([10, 20, 40, 40]), 5_000)
})

test('a first start that fails says why, with the end of its log', async () => {
  const spec = { ...shell('broken'), args: ['-c', 'echo out of order >&2; exit 3'], ready: async () => false }
  await expect(supervisor.start(spec)).rejects.toThrow(
    `broken ended at its start (exit code 3); see ${spec.logFile}\n  out of order`,
  )
})

test('one that never becomes ready is killed', async () => {
  const spec = { ...shell('slow'), ready: async () => false, readyTimeoutMs: 100 }
  await expect(supervisor.start(spec)).rejects.toThrow('slow is not ready after 0.1 s')
  const pid = events.flatMap((event) => (event.what === 'started' ? [event.pid] : []))[0] ?? Number.NaN
  expect(isAlive(pid)).toBe(false)
})

test('a command that is not there is told by name', async () => {
  await expect(supervisor.start({ ...shell('ghost'), command: '/no/such/command' })).rejects.toThrow(
    'ghost cannot be started: spawn /no/such/command ENOENT',
  )
})

test('one that ignores SIGTERM is killed after its grace', async () => {
  await supervisor.start({
    ...shell('stubborn'),
    args: ['-c', `trap '' TERM; echo $$ > ${folder}/stubborn.ready; while :; do sleep 0.1; done`],
  })
  const pid = pidOf('stubborn')
  await supervisor.stop(50)
  expect(isAlive(pid)).toBe(false)
})

test('when we are killed ourselves, what we started ends too', async () => {
  const code = `
    import { supervise } from '${resolve('dist/scheduler/stack/processes.js')}'
    const supervisor = supervise()
    const args = ['-c', 'sleep 600; :']
    await supervisor.start({ name: 'one', command: '/bin/sh', args, logFile: '${folder}/one.log', ready: async () => true })
    console.log(supervisor.pid('one'))`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  const pid = Number(await text(parent.stdout.take(1)))
  expect(isAlive(pid)).toBe(true)
  parent.kill('SIGKILL')
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 5_000)
})
