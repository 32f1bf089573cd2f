import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { takePullLock } from '../../../../scheduler/model-store/pull/pull-lock.ts'

let dir: string
let path: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pull-lock-'))
  path = join(dir, 'model.lock')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const { signal } = new AbortController()
const take = (options = {}) => takePullLock(path, { signal, onWait: () => {}, pollMs: 5, ...options })

/** What a puller of another machine has left, last seen `ageMs` ago. */
function leaveLock(ageMs: number, content?: string): void {
  const holder = { token: 'theirs', host: 'elsewhere', pidSpace: '', pid: 1, identity: '1' }
  writeFileSync(path, content ?? JSON.stringify(holder))
  const seen = new Date(Date.now() - ageMs)
  utimesSync(path, seen, seen)
}

test('many pullers hold it one after the other', async () => {
  let holders = 0
  const most: number[] = []
  const turns = Array.from({ length: 8 }, async () => {
    const lock = await take()
    most.push(++holders)
    await sleep(3)
    holders--
    lock.release()
  })
  await Promise.all(turns)
  expect(most).toEqual([1, 1, 1, 1, 1, 1, 1, 1])
  expect(readdirSync(dir)).toEqual([])
})

test('who waits is told for whom, once, and can give up', async () => {
  const lock = await take()
  const stop = new AbortController()
  const waits: string[] = []
  const waiting = take({ signal: stop.signal, onWait: (holder: string) => waits.push(holder) })
  await sleep(50)
  stop.abort()
  await expect(waiting).rejects.toThrow('abort')
  expect(waits).toEqual([expect.stringContaining(`process ${process.pid} on`)])
  lock.release()
})

test.each([
  { what: 'a machine that shows no life', ageMs: 61_000, content: undefined },
  { what: 'a record that a crash cut off', ageMs: 61_000, content: '{"tok' },
])('$what loses it', async ({ ageMs, content }) => {
  leaveLock(ageMs, content)
  const lock = await take()
  expect(readFileSync(path, 'utf8')).toContain(`"pid":${process.pid}`)
  lock.release()
  expect(existsSync(path)).toBe(false)
})

test('one that still shows life keeps it', async () => {
  leaveLock(30_000)
  await expect(take({ signal: AbortSignal.timeout(50) })).rejects.toThrow()
  expect(readFileSync(path, 'utf8')).toContain('theirs')
})

test('a puller of this machine whose process is gone loses it at once', async () => {
  const first = await take()
  const dead = { ...JSON.parse(readFileSync(path, 'utf8')), token: 'dead', identity: 'an earlier process' }
  writeFileSync(path, JSON.stringify(dead))
  const second = await take()
  first.release()
  expect(existsSync(path)).toBe(true)
  second.release()
})

test('many that see the same dead puller still hold it one after the other', async () => {
  leaveLock(61_000)
  let holders = 0
  const turns = Array.from({ length: 8 }, async () => {
    const lock = await take()
    const now = ++holders
    await sleep(3)
    holders--
    lock.release()
    return now
  })
  expect(await Promise.all(turns)).toEqual([1, 1, 1, 1, 1, 1, 1, 1])
})

test('a holder that was taken over after a standstill learns it', async () => {
  const lock = await take({ staleMs: 50 })
  leaveLock(0)
  await sleep(30)
  expect(lock.lost.aborted).toBe(true)
  lock.release()
  expect(readFileSync(path, 'utf8')).toContain('theirs')
})
