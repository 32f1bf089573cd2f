import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { buildDist } from './worker-process.ts'

vi.setConfig({ testTimeout: 180_000 })

/** Forecasts for ever, tells when it does, and ends at the second signal as every process of ours. */
const script = `
  import { abortOnSignals } from './dist/scheduler/cli/signals.js'
  import { chronosForecaster } from './dist/models/chronos/chronos-forecaster.js'
  abortOnSignals()
  const forecaster = chronosForecaster({ folder: 'test/fixtures/chronos/chronos2' })
  const contexts = Array.from({ length: 4_000 }, (_, s) => Float64Array.from({ length: 500 }, (_, i) => Math.sin(i / (s + 2))))
  const forecast = (horizon) => forecaster.forecast({ contexts, endMs: 0, stepMs: 1, horizon, levels: [0.5] })
  await forecast(1)
  process.stdout.write('ready')
  // a test run that was killed leaves nothing behind that computes for ever
  const orphan = process.ppid
  while (process.ppid === orphan) await forecast(16)
  process.exit(3)
`

test('a second signal ends a process that infers, without an abort', async () => {
  await buildDist()
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ready = await Promise.race([once(child.stdout, 'data').then(() => true), once(child, 'exit').then(() => false)])
  expect(ready).toBe(true)
  child.kill('SIGTERM')
  // longer than what counts as one signal
  await sleep(1_200)
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([null, 'SIGTERM'])
})
