import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { claimFolder } from '../../../scheduler/stack/claim.ts'
import { processIdentity } from '../../../scheduler/stack/process-identity.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'claim-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const file = () => join(folder, 'stack.json')

function sleeper(): number {
  return spawn('sleep', ['600'], { detached: true, stdio: 'ignore' }).pid ?? Number.NaN
}

function leave(owner: { pid: number; identity: string }, children: readonly number[] = []) {
  const noted = children.map((pid) => ({ name: `child ${pid}`, pid, identity: processIdentity(pid) ?? '' }))
  writeFileSync(file(), JSON.stringify({ owner, children: noted, urls: { api: 'http://127.0.0.1:1' } }))
}

test('a folder is claimed, told what runs there, and released', async () => {
  const claim = await claimFolder(join(folder, 'new'))
  claim.noteChild('redis-server', process.pid)
  claim.noteUrls({ api: 'http://127.0.0.1:2' })
  const identity = processIdentity(process.pid)
  expect(JSON.parse(readFileSync(join(folder, 'new/stack.json'), 'utf8'))).toEqual({
    owner: { pid: process.pid, identity },
    children: [{ name: 'redis-server', pid: process.pid, identity }],
    urls: { api: 'http://127.0.0.1:2' },
  })
  claim.release()
  expect(existsSync(join(folder, 'new/stack.json'))).toBe(false)
})

test('a folder whose stack is alive is refused with its process and API', async () => {
  leave({ pid: process.pid, identity: processIdentity(process.pid) ?? '' })
  await expect(claimFolder(folder)).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining(`(process ${process.pid}, its API is http://127.0.0.1:1)`),
  })
})

test('what a killed stack left running is ended first', async () => {
  const left = sleeper()
  leave({ pid: 999_999_999, identity: '1' }, [left])
  const claim = await claimFolder(folder)
  await vi.waitFor(() => expect(processIdentity(left)).toBeUndefined())
  claim.release()
})

test('a pid that was given to somebody else since is left alone', async () => {
  const other = sleeper()
  writeFileSync(
    file(),
    JSON.stringify({
      owner: { pid: process.pid, identity: 'an earlier process' },
      children: [{ name: 'redis-server', pid: other, identity: 'an earlier process' }],
      urls: {},
    }),
  )
  const claim = await claimFolder(folder)
  expect(processIdentity(other)).toBeDefined()
  process.kill(other)
  claim.release()
})

test('a record that a crash cut off does not lock the folder', async () => {
  writeFileSync(file(), '{"owner": {"pi')
  const claim = await claimFolder(folder)
  claim.release()
})
