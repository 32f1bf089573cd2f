import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { RunJob } from '../../scheduler/queue/runs.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Child processes load what production runs: Node 20 takes no TypeScript. */
export async function buildDist(): Promise<void> {
  const built = (await import(new URL('../../scripts/setup/build.mjs', import.meta.url).href)) as {
    buildDist(root: string): Promise<void>
  }
  await built.buildDist(root)
}

export interface WorkerLine {
  readonly ready?: boolean
  readonly job?: RunJob
  readonly attempt?: number
  readonly kept?: string
}

/** A real worker process (test/fixtures/run-worker.mjs). */
export function spawnWorker(url: string, name: string, lockMs = 1_000) {
  const script = fileURLToPath(new URL('../fixtures/run-worker.mjs', import.meta.url))
  const child = spawn(process.execPath, [script, url, name, `${lockMs}`], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: WorkerLine[] = []
  const waiting: { wanted: (line: WorkerLine) => boolean; found: (line: WorkerLine) => void }[] = []
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as WorkerLine
    lines.push(line)
    for (const { wanted, found } of waiting) if (wanted(line)) found(line)
  })
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
  return {
    lines,
    exited,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    /** The first line of that kind, also if it came already. */
    line: (wanted: (line: WorkerLine) => boolean) =>
      new Promise<WorkerLine>((found) => {
        const before = lines.find(wanted)
        if (before) found(before)
        else waiting.push({ wanted, found })
      }),
  }
}
