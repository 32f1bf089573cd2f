import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import { configSchema } from '../../scheduler/config/schema.ts'
import { runScheduler, runWorker } from '../../scheduler/main.ts'
import { answers } from '../../scheduler/stack/ports.ts'
import { freePort } from '../../scheduler/stack/servers.ts'
import { apiOf } from './killable-stack.ts'

const finals = ['run', 'skipped_overlap', 'coalesced']

interface PlatformSettings {
  readonly redis: object
  readonly datasources?: readonly object[]
  readonly apiKeys?: readonly object[]
}

/** A scheduler and a worker of each pool as they are configured, all in this process. */
export async function startPlatform(settings: PlatformSettings) {
  const dir = mkdtempSync(join(tmpdir(), 'at-platform-'))
  const listen = `127.0.0.1:${await freePort()}`
  const config = configSchema.parse({
    ...{ listen, log: { level: 'silent' }, models: { dir }, defaults: { model: 'seasonal-naive' } },
    ...{ worker: { lock: '4s', stalledCheck: '1s', grace: '2s' } },
    ...settings,
  })
  const ending = new AbortController()
  const { signal } = ending
  const ended = Promise.all([
    runScheduler(config, signal),
    runWorker(config, 'detect', signal),
    runWorker(config, 'forecast', signal),
  ])
  const ready = () => vi.waitFor(async () => expect(await answers(`http://${listen}/readyz`)).toBe(true), 20_000)
  await Promise.race([ready(), ended])
  const api = apiOf(`http://${listen}`)
  return {
    api,
    url: `http://${listen}`,
    ready,
    /** Every T of a schedule that is due each second, up to this one, ended once, and each as it should. */
    async expectEveryTick(id: string, fromMs: number, untilMs: number): Promise<void> {
      const from = new Date(fromMs).toISOString()
      const path = `schedules/${id}/ticks?limit=1000&from=${from}&to=${new Date(untilMs).toISOString()}`
      const { ticks } = await api<{ ticks: { nominal: string; outcome: string }[] }>('GET', path)
      const seconds = Math.floor(untilMs / 1_000) - Math.floor(fromMs / 1_000)
      const expected = Array.from({ length: seconds }, (_, i) => (Math.floor(fromMs / 1_000) + 1 + i) * 1_000)
      expect(ticks.map(({ nominal }) => Date.parse(nominal)).sort((a, b) => a - b)).toEqual(expected)
      expect(ticks.filter(({ outcome }) => !finals.includes(outcome))).toEqual([])
      const { status } = await api<{ status: { counters: Record<string, number> } }>('GET', `schedules/${id}`)
      const counted = Object.values(status.counters).reduce((sum, count) => sum + count, 0)
      expect(counted).toBeGreaterThanOrEqual(seconds)
    },
    async stop() {
      ending.abort()
      await ended
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

export const everySecond = { flow: 'noop', spec: { every: '1s', phase: '0s' }, policy: { startSpread: '0s' } }
