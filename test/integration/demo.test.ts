import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, expect, test } from 'vitest'
import type { DemoEvent } from '../../scheduler/demo/report.ts'
import { processIdentity } from '../../scheduler/stack/process-identity.ts'

const dir = mkdtempSync(join(tmpdir(), 'demo-'))
let running: ChildProcess | undefined

afterEach(() => running?.kill('SIGKILL'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

type Line = DemoEvent | { readonly event: 'step'; readonly ok: number; readonly anomaly: number }

/** Runs the demo as its users do, as a command of its own; `onLine` may end it. */
async function demo(args: readonly string[], onLine: (line: Line, demo: ChildProcess) => void = () => {}) {
  const command = [resolve('dist/scheduler/cli.js'), 'demo', '--json', '--dir', dir, ...args]
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] })
  running = child
  const exited = new Promise<number | null>((ended) => child.once('close', ended))
  const lines: Line[] = []
  for await (const text of createInterface(child.stdout)) {
    const line = JSON.parse(text) as Line
    lines.push(line)
    onLine(line, child)
  }
  const pids = lines.flatMap((line) =>
    line.event === 'process' && line.process.what === 'started' ? [line.process.pid] : [],
  )
  return { code: await exited, lines, pids, alive: pids.filter((pid) => processIdentity(pid) !== undefined) }
}

function only<Name extends Line['event']>(lines: readonly Line[], name: Name) {
  return lines.filter((line): line is Extract<Line, { event: Name }> => line.event === name)
}

test('from an empty folder to a detected outage, by itself, leaving no process behind', async () => {
  const { code, lines, pids, alive } = await demo(['--once', '--break', 'payments'])
  const [verdict] = only(lines, 'verdict')
  expect(verdict).toMatchObject({ service: 'payments', verdict: { passed: true, detected: 6 } })
  expect(verdict?.verdict.otherPoints).toBeGreaterThan(100)
  expect(only(lines, 'filled')[0]?.samples).toBeGreaterThan(40 * 23_000)
  expect(only(lines, 'step').at(-1)?.anomaly).toBeGreaterThanOrEqual(6)
  expect(only(lines, 'process').filter(({ process }) => process.what === 'died')).toEqual([])
  expect({ code, alive }).toEqual({ code: 0, alive: [] })
  expect(pids.length).toBeGreaterThanOrEqual(5)
}, 180_000)

test('the next start goes on from the data, and Ctrl-C ends it in order', async () => {
  const { code, lines, alive } = await demo([], (line, child) => {
    // the first scores show that the missions of before go on
    if (line.event === 'step') child.kill('SIGINT')
  })
  expect(only(lines, 'filled')[0]?.samples).toBeLessThan(40 * 1_000)
  expect(only(lines, 'step')[0]?.ok).toBeGreaterThan(0)
  expect(lines.at(-1)?.event).toBe('stopped')
  expect({ code, alive }).toEqual({ code: 0, alive: [] })
  expect(readdirSync(dir)).not.toContain('stack.json')
}, 120_000)

test('a wrong option is told before anything starts', async () => {
  const { code, lines } = await demo(['--break', 'nothing']).catch(() => ({ code: undefined, lines: [] }))
  expect({ code, lines }).toEqual({ code: 2, lines: [] })
})
