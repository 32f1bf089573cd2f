import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { buildDist } from './worker-process.ts'

/** Takes the lock again and again, and leaves it each time as a puller that was killed leaves it. */
const script = `
  import { mkdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from 'node:fs'
  import { takePullLock } from './dist/scheduler/model-store/pull/pull-lock.js'
  const { path, inside, rounds } = process.env
  const { signal } = new AbortController()
  for (let round = 0; round < rounds; round++) {
    await takePullLock(path, { signal, onWait: () => {}, pollMs: 0 })
    mkdirSync(inside)
    rmdirSync(inside)
    const killed = { ...JSON.parse(readFileSync(path, 'utf8')), identity: 'killed' }
    writeFileSync(inside + process.pid, JSON.stringify(killed))
    renameSync(inside + process.pid, path)
  }
`

test('of many processes that find a dead lock at the same instant one takes it over', async () => {
  await buildDist()
  const dir = mkdtempSync(join(tmpdir(), 'pull-race-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const env = { PATH: process.env.PATH, path: join(dir, 'lock'), inside: join(dir, 'inside'), rounds: '100' }
  // two that are inside at once fail
  const turns = Array.from({ length: 4 }, () =>
    promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { env }),
  )
  await Promise.all(turns)
  expect(readdirSync(dir)).toEqual(['lock'])
}, 180_000)
