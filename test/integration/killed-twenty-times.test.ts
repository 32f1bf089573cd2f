import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { ticksBetween } from '../../scheduler/planning/schedule-spec.ts'
import { resolveSchedule } from '../../scheduler/schedules/resolve.ts'
import { answers } from '../../scheduler/stack/ports.ts'
import { type RunningProcess, startProcess } from '../../scheduler/stack/process.ts'
import { freePort } from '../../scheduler/stack/servers.ts'
import { createScheduleStore } from '../../scheduler/store/ticks/schedule-store.ts'
import { createTickStore } from '../../scheduler/store/ticks/tick-store.ts'
import { realRedis } from './real-redis.ts'
import { buildDist } from './worker-process.ts'

const real = realRedis()
const dir = mkdtempSync(join(tmpdir(), 'at-kills-'))
const commands = {
  'scheduler-1': ['scheduler'],
  'scheduler-2': ['scheduler'],
  'worker-1': ['worker', '--pool', 'detect'],
  'worker-2': ['worker', '--pool', 'detect'],
}
type Name = keyof typeof commands
const names = Object.keys(commands) as Name[]
const kills = 20
const overlaps = ['skip', 'bufferLatest', 'allow'] as const

beforeAll(() => buildDist(), 120_000)

test('planners and workers killed twenty times: every T has exactly one final outcome', async () => {
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const running = Object.fromEntries(names.map((name) => [name, start(name)])) as Record<Name, Promise<RunningProcess>>
  onTestFinished(async () => void (await Promise.all(names.map(async (name) => (await running[name]).kill()))))
  await Promise.all(Object.values(running))
  const [schedules, ticks] = [createScheduleStore(real.redis), createTickStore(real.redis)]
  const fromMs = Date.now()
  const entries = Array.from({ length: 12 }, (_, i) =>
    resolveSchedule(
      'default',
      {
        ...{ id: `probe-${i}`, flow: 'noop', spec: { every: '1s', phase: '0s' } },
        policy: { startSpread: '0s', overlap: overlaps[i % overlaps.length]! },
      },
      { nowMs: fromMs },
    ),
  )
  for (const entry of entries) await schedules.upsertSchedule(entry, fromMs)

  for (let i = 0; i < kills; i++) {
    const name = names[i % names.length]!
    // one that is at work
    await (await running[name]).kill()
    running[name] = start(name)
    await sleep(300)
  }
  await Promise.all(Object.values(running))
  const untilMs = Date.now()
  const openBefore = () => real.redis.zcount('{at}:open', '-inf', untilMs)
  await vi.waitFor(
    async () => {
      for (const entry of entries)
        expect((await schedules.get(entry))!.lastNominalMs).toBeGreaterThanOrEqual(untilMs - 1_000)
      expect(await openBefore()).toBe(0)
    },
    { timeout: 30_000, interval: 200 },
  )
  await Promise.all(names.map(async (name) => (await running[name]).kill()))

  for (const entry of entries) {
    const all = await ticks.list(entry, { fromMs, untilMs: Date.now() })
    const known = all.filter(({ nominalMs }) => nominalMs <= untilMs - 1_000)
    expect(known.map(({ nominalMs }) => nominalMs)).toEqual(
      ticksBetween(entry.spec, { fromMs, untilMs: untilMs - 1_000 }),
    )
    expect(known.filter(({ outcome }) => !['run', 'skipped_overlap', 'coalesced'].includes(outcome))).toEqual([])
    const counted = Object.values(await ticks.counters(entry)).reduce((sum, count) => sum + count, 0)
    expect(counted).toBe(all.filter(({ outcome }) => outcome !== 'buffered').length)
  }
}, 150_000)

const ports = new Map<Name, number>()

async function start(name: Name): Promise<RunningProcess> {
  const port = ports.get(name) ?? (await freePort())
  ports.set(name, port)
  const listen = `127.0.0.1:${port}`
  return startProcess({
    ...{ name, command: process.execPath, args: [resolve('dist/scheduler/cli.js'), ...commands[name]] },
    env: {
      ...{ PATH: process.env.PATH, AT_REDIS_URL: real.url, AT_DATASOURCES: '[]', AT_MODELS_DIR: dir },
      ...{ AT_LISTEN: listen, AT_WORKER_LISTEN: listen, AT_WORKER_LOCK: '2s', AT_WORKER_STALLED_CHECK: '1s' },
    },
    workingDir: dir,
    logFile: join(dir, `${name}.log`),
    ready: () => answers(`http://${listen}/readyz`),
  })
}
